import type { Snapshot } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { HostMessage } from './messages.ts';

/** A flood may be further ahead by the time a screen comes; the next one is made faster. */
const ATTEMPTS = 5;
/** How long to wait for one: it takes a tenth of a second at most, but for a busy machine. */
const SCREEN_MS = 5_000;

/** What a fresh terminal is put into, and what is told to it: encoded once, for all who get it. */
export interface Screen extends Pick<Snapshot, 'offset' | 'cols' | 'rows' | 'incomplete'> {
  readonly message: Buffer;
}

export interface FeedScreensSurroundings {
  /** Has one made. */
  readonly make: (timeoutMs: number) => Promise<Snapshot>;
  /** Resolves when all output before an offset has come. */
  readonly reaches: (offset: number) => Promise<void>;
  /** Whether the output from an offset on is kept. */
  readonly has: (offset: number) => boolean;
}

/** The screens of one session, for pages that begin with one. All who ask while one is made get that. */
export class FeedScreens {
  readonly #surroundings: FeedScreensSurroundings;
  #making: Promise<Screen | undefined> | undefined;

  constructor(surroundings: FeedScreensSurroundings) {
    this.#surroundings = surroundings;
  }

  get isMaking(): boolean {
    return this.#making !== undefined;
  }

  /** One with whose output can be gone on. Undefined if none can be had. */
  next(): Promise<Screen | undefined> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make(): Promise<Screen | undefined> {
    const { make, reaches, has } = this.#surroundings;
    const deadline = performance.now() + SCREEN_MS;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const timeoutMs = deadline - performance.now();
      if (timeoutMs <= 0) return undefined;
      try {
        const snapshot = await make(timeoutMs);
        await reaches(snapshot.offset);
        if (has(snapshot.offset)) return encoded(snapshot);
      } catch (error) {
        if (error instanceof HoldfastError) return undefined;
        throw error;
      }
    }
    return undefined;
  }
}

function encoded({ offset, cols, rows, incomplete, bytes }: Snapshot): Screen {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const message: HostMessage = { type: 'screen', offset, cols, rows, incomplete, text };
  return { offset, cols, rows, incomplete, message: Buffer.from(JSON.stringify(message)) };
}
