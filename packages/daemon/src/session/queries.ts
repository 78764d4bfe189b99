import type { Block, Timer } from '@holdfast/posix';
import { findQueries, plainAnswer, type UnseenTerminal } from '@holdfast/screen/queries';
import type { History } from '../history/history.ts';
import type { Asked, Query } from '../screen/messages.ts';

/** So much that came at once is looked through whole, as a program may draw its screen behind what it asks. */
const WHOLE_BYTES = 64 * 1024;
/** Of more than that, and of what comes in a flood, the newest so many bytes, in pieces: less than a millisecond's work. */
const LOOKED_AT_BYTES = 4 * 1024 * 1024;
const PIECE_BYTES = 16 * 1024;
export const LOOK_BLOCK_BYTES: number = 2 * PIECE_BYTES;
/** So many sequences in each piece but the newest. */
const SEQUENCES_MAX = 32;
/** What comes faster than this is a flood, which is looked through once in that time. */
const FLOOD_BYTES = 32 * 1024;
const FLOOD_MS = 10;
/** So much before the place where a leader left may the query begin that its last byte makes ours. */
const BEGUN_BYTES = 4_096;
/** Queries that are answered of what is looked through at once: who asks more without waiting gets no more. Each costs some 20 µs. */
const TAKEN_MAX = 64;
/** Queries whose answers are being made: a program that asks more without waiting gets no more. */
const WAITING_MAX = 256;
/** Of them are asked for at a time. */
const ASKED_MAX = 64;

export interface QueriesSurroundings {
  readonly history: History;
  /** Shared by all sessions: output is copied here to be looked through. */
  readonly block: Block;
  readonly after: (ms: number, callback: () => void) => Timer;
  readonly terminal: () => UnseenTerminal;
  /** The answers that a terminal gives where it has been shown the output up to the query. */
  readonly byScreen: (asked: Asked) => Promise<readonly string[]>;
  /** Types an answer. */
  readonly answer: (text: string) => void;
}

/**
 * What a program asks its terminal while nobody leads, and so no terminal is there to answer. It is decided by offset: who leads when the
 * last byte of a query is read is to answer it. The ledger says how far queries are dealt with, before anything is typed: so none is
 * answered twice, whatever becomes of this daemon.
 *
 * Nothing is looked through while somebody leads; else what comes at once, unless that is a flood: then when there is time.
 */
export class Queries {
  readonly #surroundings: QueriesSurroundings;
  #isLed = false;
  #isOver = false;
  /** Where the next look begins; all before is text, or complete. */
  #from: number;
  /** What was asked with a byte before it is not ours. */
  #since: number;
  /** Oldest first. */
  readonly #waiting: Query[];
  #isAsking = false;
  /** In this look. */
  #mayTake = 0;
  #lookLater: Timer | undefined;
  /** Where the output was when it was looked at last whether this is a flood. */
  #recent = { sinceMs: Number.NEGATIVE_INFINITY, from: 0 };

  /** `waiting`: what a predecessor had not answered yet. */
  constructor(surroundings: QueriesSurroundings, waiting: readonly Query[] = []) {
    this.#surroundings = surroundings;
    this.#waiting = [...waiting];
    this.#from = surroundings.history.end;
    this.#since = this.#from;
  }

  /** For a successor. */
  suspend(): Query[] {
    return [...this.#waiting];
  }

  /** Somebody leads already. */
  resumeLed(): void {
    this.#isLed = true;
  }

  /** Begins to serve. `isKnown`: the daemon before this one answered queries as well, so that the ledger is right. */
  takeOver(isKnown: boolean): void {
    if (this.#isOver) return;
    const { history } = this.#surroundings;
    const recorded = isKnown ? history.ledger.queries : undefined;
    // What a leader was asked when its daemon was killed is nobody's: its terminal may have answered.
    this.#goFrom(typeof recorded === 'number' ? Math.min(recorded, history.end) : history.end);
    history.ledger.recordQueries(this.#isLed ? 'viewer' : this.#since);
    // Everybody waits for this: of most sessions there is nothing that has not been looked at.
    if (!this.#isLed && this.#since < history.end) this.#look();
    else this.#ask();
  }

  /** Whether somebody leads from here on. */
  ledBy(leader: object | undefined): void {
    const isLed = leader !== undefined;
    if (this.#isOver || isLed === this.#isLed) return;
    const { history } = this.#surroundings;
    if (isLed) this.#look();
    this.#isLed = isLed;
    this.#lookLater?.cancel();
    this.#lookLater = undefined;
    history.ledger.recordQueries(isLed ? 'viewer' : history.end);
    if (!isLed) this.#goFrom(history.end);
  }

  /** Output was recorded. */
  outputGrew(nowMs: number): void {
    if (this.#isLed || this.#isOver) return;
    const { end } = this.#surroundings.history;
    if (nowMs - this.#recent.sinceMs >= FLOOD_MS) this.#recent = { sinceMs: nowMs, from: end };
    if (end - this.#recent.from < FLOOD_BYTES) return this.#look();
    this.#lookLater ??= this.#surroundings.after(FLOOD_MS, () => this.#look());
  }

  /** The program has ended. */
  end(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#lookLater?.cancel();
  }

  #goFrom(offset: number): void {
    this.#since = offset;
    this.#from = Math.max(this.#surroundings.history.start, offset - BEGUN_BYTES);
  }

  #look(): void {
    this.#lookLater?.cancel();
    this.#lookLater = undefined;
    const { history } = this.#surroundings;
    const { end } = history;
    let at = Math.max(this.#from, history.start, end - LOOKED_AT_BYTES);
    const isMuch = end - at > WHOLE_BYTES;
    this.#mayTake = TAKEN_MAX;
    while (at < end) {
      // None is shorter, or looking would not get on; but for all that there is.
      const to = end - PIECE_BYTES * Math.max(0, Math.floor((end - at) / PIECE_BYTES) - 1);
      const come = this.#lookAt(at, to, isMuch && to < end ? SEQUENCES_MAX : Number.POSITIVE_INFINITY);
      if (to === end) {
        at = come;
        break;
      }
      // What it ends in goes on in the next piece; or else it is too much, and left out.
      at = come >= to - BEGUN_BYTES ? come : to;
    }
    this.#from = Math.max(this.#from, at);
    // Who goes on after this daemon need not look here again, and find in other pieces what was left out.
    if (!this.#isLed) history.ledger.recordQueries(this.#from);
    this.#ask();
  }

  /** Returns how far it has come. */
  #lookAt(at: number, to: number, most: number): number {
    const { history, block } = this.#surroundings;
    const bytes = history.copyInto(block, at, to);
    // Not meant for a terminal: an answer would be typed into what somebody passes on byte by byte.
    if (bytes.includes(0)) return to;
    const found = (from: number, until: number) => {
      if (at + until <= this.#since || this.#mayTake === 0) return;
      this.#mayTake -= 1;
      this.#take({ text: bytes.toString('latin1', from, until), to: at + until });
    };
    return at + findQueries(bytes, found, most);
  }

  #take(query: Query): void {
    const { history, terminal, answer } = this.#surroundings;
    history.ledger.recordQueries(query.to);
    const plain = plainAnswer(query.text, terminal());
    if (!plain) return;
    // Answers are in the order of the questions.
    if (!plain.needsScreen && this.#waiting.length === 0) answer(plain.text);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(query);
  }

  #ask(): void {
    if (this.#isAsking || this.#waiting.length === 0) return;
    this.#isAsking = true;
    const queries = this.#waiting.slice(0, ASKED_MAX);
    const terminal = this.#surroundings.terminal();
    const answered = (answers: readonly string[]) => {
      this.#isAsking = false;
      if (this.#isOver) return;
      this.#waiting.splice(0, queries.length);
      for (const [index, { text }] of queries.entries())
        this.#surroundings.answer(answers[index] ?? plainAnswer(text, terminal)?.text ?? '');
      this.#ask();
    };
    // Without a screen it is answered by what is known: whoever asks waits.
    this.#surroundings.byScreen({ queries, terminal }).then(answered, () => answered([]));
  }
}
