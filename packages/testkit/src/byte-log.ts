import { within } from './eventually.ts';

interface Waiter {
  readonly test: () => boolean;
  readonly resolve: () => void;
}

/** Bytes that come in by and by, and a way to wait for some of them. */
export class ByteLog {
  readonly #chunks: Buffer[] = [];
  readonly #waiters = new Set<Waiter>();
  #length = 0;

  /** Adds a copy. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(Buffer.from(chunk));
    this.#length += chunk.length;
    for (const waiter of this.#waiters) {
      if (!waiter.test()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks));
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /** Forgets what has come so far. */
  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
  }

  /** Resolves with the match when what has come contains it, earlier bytes included. */
  async waitFor(pattern: string | RegExp, withinMs?: number): Promise<RegExpExecArray> {
    const expression = typeof pattern === 'string' ? new RegExp(escape(pattern)) : pattern;
    let match: RegExpExecArray | null = null;
    const found = () => {
      match = expression.exec(this.text);
      return match !== null;
    };
    try {
      await this.#until(found, `${String(pattern)} in the output`, withinMs);
    } catch (cause) {
      throw new Error(`no ${String(pattern)} in ${JSON.stringify(this.text.slice(-2000))}`, { cause });
    }
    if (!match) throw new Error('unreachable');
    return match;
  }

  /** Resolves with what has come up to and with `text`, and forgets it: the next call looks behind it. */
  async takeThrough(text: string, withinMs?: number): Promise<string> {
    await this.waitFor(text, withinMs);
    const all = this.bytes;
    const end = all.indexOf(text) + Buffer.byteLength(text);
    this.clear();
    this.push(all.subarray(end));
    return all.toString('utf8', 0, end);
  }

  /** Resolves when so many bytes have come, since the beginning or the last `clear`. */
  untilLength(byteCount: number, withinMs?: number): Promise<void> {
    return this.#until(() => this.#length >= byteCount, `${byteCount} bytes of output`, withinMs);
  }

  #until(test: () => boolean, what: string, withinMs?: number): Promise<void> {
    if (test()) return Promise.resolve();
    const waiter: Waiter & { resolve: () => void } = { test, resolve: () => undefined };
    const come = new Promise<void>((resolve) => Object.assign(waiter, { resolve }));
    this.#waiters.add(waiter);
    return within(what, come, withinMs).finally(() => this.#waiters.delete(waiter));
  }
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
