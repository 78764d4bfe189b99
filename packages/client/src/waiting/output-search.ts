import { BoundedExpression } from './bounded-expression.ts';
import { PlainRuns } from './plain-text.ts';
import { SearchedText } from './searched-text.ts';

/** Characters of earlier output in which a match may begin: bounds memory, and the cost of each search. */
export const OVERLAP_CHARACTERS = 64 * 1024;
/** For one search in a process that has other things to do: nothing else happens meanwhile, not even the end of the wait. */
export const LONGEST_SEARCH_MS = 1_000;

/** What an expression has matched, and where in the output that is. */
export interface OutputMatch {
  /** All of it. */
  readonly text: string;
  /** What the groups have matched, the first of which is group 1. */
  readonly groups: readonly (string | undefined)[];
  /** Offset of its first byte. */
  readonly from: number;
  /** Offset behind its last byte. */
  readonly to: number;
}

export interface SearchOptions {
  readonly deadlineMs?: number | undefined;
  readonly longestMs?: number | undefined;
  readonly plain?: boolean;
}

/** Looks for an expression in output that arrives in pieces; a match may straddle them. */
export class OutputSearch {
  readonly #exec: (text: string, from: number) => RegExpExecArray | null;
  readonly #searched = new SearchedText();
  #runs: PlainRuns | undefined;
  /** Where searching begins: behind the one character that `^`, `\b` and look-behinds may ask for. */
  #from = 0;
  /** Offset behind the newest byte. */
  #end = 0;

  /**
   * The expression must have the flag `g`. At `deadlineMs`, on the clock of `performance.now()`, nothing is found any more.
   * `longestMs`: whatever takes longer for one search throws E_BAD_REQUEST. `plain`: escape sequences are not there for it.
   */
  constructor(expression: RegExp, { deadlineMs, longestMs, plain = false }: SearchOptions = {}) {
    this.#runs = plain ? new PlainRuns() : undefined;
    if (deadlineMs === undefined && longestMs === undefined) {
      this.#exec = (text, from) => {
        expression.lastIndex = from;
        return expression.exec(text);
      };
    } else {
      const bounds = { deadlineMs: deadlineMs ?? Number.POSITIVE_INFINITY, longestMs };
      const bounded = new BoundedExpression(expression, bounds);
      this.#exec = (text, from) => bounded.exec(text, from);
    }
  }

  /** What is kept of the output, as text. */
  get text(): string {
    return this.#searched.text;
  }

  /** Whether a text that is none of the output has a match. */
  matches(text: string): boolean {
    return this.#exec(text, 0) !== null;
  }

  /** Something may be missing behind what has come, though the next byte follows it by number, as after a crash. */
  missed(): void {
    this.#searched.clear();
    if (this.#runs) this.#runs = new PlainRuns();
    this.#from = 0;
  }

  /** The first match in the output up to and with these bytes, whose first has this offset: none reaches across bytes that are, or may be, missing. */
  push(bytes: Uint8Array, offset: number): OutputMatch | undefined {
    const searched = this.#searched;
    if (offset !== this.#end) this.missed();
    this.#end = offset + bytes.length;
    for (const run of this.#runs?.push(bytes, offset) ?? [{ bytes, offset }])
      searched.push(run.bytes, run.offset);
    const found = this.#exec(searched.text, this.#from);
    if (found) {
      const [text, ...groups] = found;
      const to = found.index + text.length;
      return { text, groups, from: searched.offsetOf(found.index), to: searched.offsetOf(to) };
    }
    if (searched.text.length > OVERLAP_CHARACTERS + 1) {
      searched.keep(OVERLAP_CHARACTERS + 1);
      this.#from = 1;
    }
    return undefined;
  }
}
