import { StringDecoder } from 'node:string_decoder';

/** One event is what a program wrote at once: some KiB. A longer line is no recording. */
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;
/** Thirty years: what is due later is due never, and numbers of a JSON text may have no end. */
const SECONDS_MAX = 1e9;
const EXTENT_MAX = 65_535;

export interface CastBeginning {
  readonly cols: number;
  readonly rows: number;
  /** No pause is to be longer, if the recording says so. In seconds. */
  readonly idleLimit: number | undefined;
}

export interface CastEvent {
  /** Since the event before, in seconds; never negative. */
  readonly after: number;
  /** `o`, `r`, `m`, `x`, `i`, or what a later version of the format has. */
  readonly code: string;
  readonly data: string;
}

/** Reads a recording of asciinema's, asciicast 2 or 3, line by line. Whatever is wrong with it is told with the number of the line. */
export class CastReader {
  readonly #lines: AsyncGenerator<{ text: string; isLast: boolean }>;
  #line = 0;
  #version: 2 | 3 = 2;
  /** Of the event before, since the beginning; of version 2, which tells that. */
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#lines = linesOf(chunks);
  }

  /** The first line. Throws Error. */
  async begin(): Promise<CastBeginning> {
    const header = await this.#nextDocument();
    if (header === undefined) throw new Error('it is empty');
    if (!isObject(header)) throw this.#wrong('is not the header of an asciicast');
    const { version } = header;
    if (version === 1)
      throw new Error('it is an asciicast of version 1; `asciinema convert` makes one of version 2 of it');
    if (version !== 2 && version !== 3)
      throw this.#wrong('does not say that this is an asciicast of version 2 or 3');
    this.#version = version;
    const term = isObject(header['term']) ? header['term'] : {};
    const [cols, rows] = version === 2 ? [header['width'], header['height']] : [term['cols'], term['rows']];
    if (!isExtent(cols) || !isExtent(rows)) throw this.#wrong('does not tell the size of the terminal');
    const limit = header['idle_time_limit'];
    const idleLimit = typeof limit === 'number' && limit > 0 ? limit : undefined;
    return { cols, rows, idleLimit };
  }

  /** The next event; undefined behind the last. Throws Error. */
  async next(): Promise<CastEvent | undefined> {
    const event = await this.#nextDocument();
    if (event === undefined) return undefined;
    if (!Array.isArray(event)) throw this.#wrong('is not an event');
    const [time, code, data]: unknown[] = event;
    if (
      typeof time !== 'number' ||
      time > SECONDS_MAX ||
      typeof code !== 'string' ||
      typeof data !== 'string'
    )
      throw this.#wrong('is not an event');
    const after = Math.max(0, this.#version === 2 ? time - this.#at : time);
    this.#at = Math.max(this.#at, time);
    return { after, code, data };
  }

  async #nextDocument(): Promise<unknown> {
    for (;;) {
      const { value: line } = await this.#lines.next();
      if (line === undefined) return undefined;
      this.#line += 1;
      const { text, isLast } = line;
      if (text.trim() === '' || (text.startsWith('#') && this.#line > 1)) continue;
      try {
        const document: unknown = JSON.parse(text);
        return document;
      } catch {
        if (this.#line === 1) throw this.#wrong('is not the header of an asciicast');
        throw isLast ? new Error(`it ends in the middle of line ${this.#line}`) : this.#wrong('is not JSON');
      }
    }
  }

  #wrong(what: string): Error {
    return new Error(`line ${this.#line} ${what}`);
  }
}

/** The last one need not end with a newline: `isLast` if it does not. */
async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ text: string; isLast: boolean }> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const lines = decoder.write(Buffer.from(chunk)).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      yield { text: parts.join('') + line, isLast: false };
      parts = [];
      length = 0;
    }
    parts.push(last);
    length += last.length;
    if (length > LINE_CHARACTERS_MAX)
      throw new Error(`a line of it has more than ${LINE_CHARACTERS_MAX} characters: it is no recording`);
  }
  const rest = parts.join('') + decoder.end();
  if (rest !== '') yield { text: rest, isLast: true };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isExtent(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= EXTENT_MAX;
}
