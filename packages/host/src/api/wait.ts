import type { Client, Subscription } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import type { WaitInput } from './schemas.ts';

type Met = 'exited' | 'text' | 'idle' | 'timeout';

/** Waits for what was asked for; without a text and a silence, for the exit. Stops when the caller has gone. */
export async function waitFor(
  client: Client,
  { session, text, idleMs, timeoutMs }: WaitInput,
  signal: AbortSignal | undefined,
): Promise<{ met: Met; session: Session }> {
  const { session: found } = await client.request('get', { session });
  const met = await new Promise<Met>((resolve, reject) => {
    const waiting = new OutputWait({ text, idleMs });
    const timer = setTimeout(() => waiting.finish('timeout'), timeoutMs);
    const aborted = () => waiting.finish('timeout');
    signal?.addEventListener('abort', aborted);
    waiting.onEnd = (outcome) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    waiting.begin(client, found.id);
  });
  return { met, session: (await client.request('get', { session: found.id })).session };
}

/** Looks at the output of one session until what is waited for has happened. */
class OutputWait {
  /** Called once. */
  onEnd: (outcome: Met | Error) => void = () => {};
  readonly #text: Buffer | undefined;
  readonly #idleMs: number | undefined;
  #subscription: Subscription | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Everything in the output before it was looked at: the lease stands there. */
  #lookedTo = 0;
  /** The end of what has come, in which the text may have begun. */
  #tail: Buffer = Buffer.alloc(0);
  #hasText: boolean;
  #isOver = false;

  constructor({ text, idleMs }: { text: string | undefined; idleMs: number | undefined }) {
    this.#text = text === undefined ? undefined : Buffer.from(text);
    this.#idleMs = idleMs;
    this.#hasText = this.#text === undefined;
  }

  begin(client: Client, session: string): void {
    const opening = client.subscribe(session, {
      // Exact: a text must not be in bytes that were skipped because they came too fast.
      ...(this.#text ? { from: 'start', mode: 'exact' } : { from: 'now', mode: 'viewer', readOnly: true }),
      onData: (bytes, offset) => {
        this.#look(bytes);
        this.#lookedTo = offset + bytes.length;
        this.#subscription?.acknowledge(this.#lookedTo);
      },
      // What comes is not joined to what came before.
      onGap: () => {
        this.#tail = Buffer.alloc(0);
      },
      onExited: () => this.finish('exited'),
      onLost: (error) => this.finish(error),
    });
    opening.then(
      (subscription) => {
        this.#subscription = subscription;
        subscription.acknowledge(this.#lookedTo);
        if (this.#isOver) void subscription.close();
        else if (subscription.session.state === 'running') this.#armIdle();
      },
      (error: unknown) => this.finish(error instanceof Error ? error : new Error(String(error))),
    );
  }

  finish(outcome: Met | Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idle);
    void this.#subscription?.close();
    this.onEnd(outcome);
  }

  #look(bytes: Uint8Array): void {
    if (this.#text && !this.#hasText) {
      const joined = Buffer.concat([this.#tail, bytes]);
      this.#hasText = joined.includes(this.#text);
      this.#tail = joined.subarray(Math.max(0, joined.length - this.#text.length + 1));
      if (this.#hasText && this.#idleMs === undefined) return this.finish('text');
    }
    this.#armIdle();
  }

  #armIdle(): void {
    if (this.#idleMs === undefined || !this.#hasText) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.finish('idle'), this.#idleMs);
  }
}
