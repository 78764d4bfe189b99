import fs from 'node:fs';
import path from 'node:path';
import type { HoldfastError, Session } from '@holdfast/protocol';
import type { Recording, TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';

/** A letter, and a number that tells it from all others. */
const KEY_BYTES = 8;
/** Typed ahead of the acknowledgements: more than one can be in doubt. */
const KEYS_UNDER_WAY = 8;
/** More than is ever typed. */
const ENDLESS = Number.MAX_SAFE_INTEGER;

type Fate = 'done' | 'unknown';

export interface Typed {
  /** How many keys were in doubt. */
  readonly unknown: number;
  readonly typedBytes: number;
  /** Bytes of the echo that are missing, at each crash. */
  readonly missingBytes: readonly number[];
}

/**
 * Types keys without a pause into a program that echoes them, and that notes in a file what it reads: that is what was
 * typed, whatever has become of the echo.
 */
export class Typing {
  readonly session: Session;
  readonly #fates: Fate[] = [];
  readonly #file: string;
  readonly #output: Recording;
  readonly #typing: Promise<unknown>;
  #isStopped = false;

  static async begin(daemon: TestDaemon): Promise<Typing> {
    const file = path.join(daemon.home.scratch('typed'), 'read');
    const session = await daemon.open('raw-echo.py', [ENDLESS, file]);
    const output = await daemon.record(session);
    await output.waitFor('ready');
    const input = await (await daemon.client()).openInput(session.id);
    return new Typing({ session, file, output }, (key) => input.write(Buffer.from(keyText(key))));
  }

  private constructor(
    { session, file, output }: { session: Session; file: string; output: Recording },
    write: (key: number) => Promise<void>,
  ) {
    this.session = session;
    this.#file = file;
    this.#output = output;
    let next = 0;
    const typeOn = async () => {
      while (!this.#isStopped) {
        const key = next;
        next += 1;
        this.#fates[key] = await write(key).then(
          () => 'done' as const,
          (error: HoldfastError) => {
            expect(error.code).toBe('E_INPUT_UNKNOWN');
            return 'unknown' as const;
          },
        );
      }
    };
    this.#typing = Promise.all(Array.from({ length: KEYS_UNDER_WAY }, typeOn));
    // Whoever stops it hears of it.
    this.#typing.catch(() => undefined);
  }

  /**
   * Types no more, and compares. Throws Error if a key that was acknowledged was not typed once and in its place, one in
   * doubt more than once, or if the echo is anything but what was typed, less one piece at each crash.
   */
  async stop(): Promise<Typed> {
    this.#isStopped = true;
    await this.#typing;
    const last = this.#fates.lastIndexOf('done');
    await this.#output.waitFor(keyText(last));
    const typed = fs.readFileSync(this.#file, 'latin1');
    compareTyped(typed, this.#fates);
    return {
      unknown: this.#fates.filter((fate) => fate === 'unknown').length,
      typedBytes: typed.length,
      missingBytes: missingInEcho(
        typed,
        this.#output.text.slice('ready'.length),
        this.#output.gaps.map(({ from }) => from - 'ready'.length),
      ),
    };
  }
}

function keyText(key: number): string {
  return `k${String(key).padStart(KEY_BYTES - 1, '0')}`;
}

/** Throws Error if that can't be what was typed. */
function compareTyped(typed: string, fates: readonly Fate[]): void {
  let at = 0;
  for (let key = 0; key < fates.length; ) {
    const inDoubt = runOfUnknown(fates, key);
    key += inDoubt.length;
    const next = key < fates.length ? typed.indexOf(keyText(key), at) : typed.length;
    if (next < 0) throw new Error(`key ${key} was acknowledged and is not there`);
    if (!isCutOnce(typed.slice(at, next), inDoubt.join('')))
      throw new Error(`before key ${key} stands ${JSON.stringify(typed.slice(at, next))}`);
    at = next + KEY_BYTES;
    key += 1;
  }
  if (typed.length > at) throw new Error(`at the end stands ${JSON.stringify(typed.slice(at))}`);
}

function runOfUnknown(fates: readonly Fate[], from: number): string[] {
  const run: string[] = [];
  for (let key = from; fates[key] === 'unknown'; key += 1) run.push(keyText(key));
  return run;
}

/** Whether it is the whole but for one piece, anywhere: what was in flight, all of it or as far as the terminal took it. */
function isCutOnce(part: string, whole: string): boolean {
  if (part.length > whole.length) return false;
  let head = 0;
  while (head < part.length && part[head] === whole[head]) head += 1;
  return whole.endsWith(part.slice(head));
}

/** How much of what was typed is missing at each mark. Throws Error if what is there is anything else. */
function missingInEcho(typed: string, echo: string, marks: readonly number[]): number[] {
  let end = 0;
  const missing: number[] = [];
  for (const [index, from] of [0, ...marks].entries()) {
    const segment = echo.slice(from, marks[index]);
    const at = typed.indexOf(segment.slice(0, 2 * KEY_BYTES), end);
    if (at < 0 || !typed.startsWith(segment, at)) throw new Error(`the echo is wrong behind mark ${index}`);
    if (index > 0) missing.push(at - end);
    else if (at > 0) throw new Error('the echo begins too late');
    end = at + segment.length;
  }
  return missing;
}
