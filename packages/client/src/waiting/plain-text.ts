const ESC = '\\x1b';
/** Escape sequences as ECMA-48 has them: strings (titles, links) up to BEL or ST, control sequences, and all others. */
const SEQUENCES = new RegExp(
  [
    `${ESC}[\\]PX^_][^\\x07\\x1b]*(?:\\x07|${ESC}\\\\)?`,
    `${ESC}\\[[\\x30-\\x3f]*[\\x20-\\x2f]*[\\x40-\\x7e]`,
    `${ESC}[\\x20-\\x2f]*[\\x30-\\x7e]`,
  ].join('|'),
  'g',
);
/** From the first of them on: else each would be begun with where no line ends behind them, for minutes if there are many. */
const LINE_END = /(?<!\r)\r+\n/g;
const ERASED = /[^\n][\b]/g;
const CONTROLS = /(?![\t\n])\p{Cc}/gu;
/** What may go on with the next bytes. */
const UNFINISHED = new RegExp(`${ESC}(?:[\\]PX^_][^\\x07\\x1b]*${ESC}?|\\[[\\x20-\\x3f]*|[\\x20-\\x2f]*)$`);
/** A longer one is not waited for. */
const UNFINISHED_BYTES_MAX = 4096;
const ESCAPE = 0x1b;

/** Output as it would be on paper: without escape sequences and control characters, with `\n` at the end of lines. */
export function plainText(output: string): string {
  return output
    .replace(SEQUENCES, '')
    .replace(LINE_END, '\n')
    .replace(ERASED, '')
    .replace(/\r/g, '\n')
    .replace(CONTROLS, '');
}

/** How many bytes at the end of some output are an escape sequence that is not complete. */
export function unfinishedSequence(bytes: Uint8Array): number {
  const tail = Buffer.from(bytes.subarray(-UNFINISHED_BYTES_MAX)).toString('latin1');
  return UNFINISHED.exec(tail)?.[0].length ?? 0;
}

/** Bytes of output, and the offset of the first. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** What is between the escape sequences of output that comes in pieces, each part with its own offset. */
export class PlainRuns {
  /** The beginning of a sequence, and where it ends so far. */
  #rest: Uint8Array = new Uint8Array(0);
  #end = 0;

  push(bytes: Uint8Array, offset: number): Run[] {
    const rest = offset === this.#end ? this.#rest : new Uint8Array(0);
    this.#end = offset + bytes.length;
    // Most output has none.
    if (rest.length === 0 && !bytes.includes(ESCAPE)) return [{ bytes, offset }];
    const joined = Buffer.concat([rest, bytes]);
    const whole = joined.subarray(0, joined.length - unfinishedSequence(joined));
    this.#rest = joined.subarray(whole.length);
    return runsOf(whole, offset - rest.length);
  }
}

function runsOf(output: Buffer, offset: number): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const end = (to: number) => {
    if (to > at) runs.push({ bytes: output.subarray(at, to), offset: offset + at });
  };
  // A byte is a character of latin1, and no sequence has another.
  for (const { 0: sequence, index } of output.toString('latin1').matchAll(SEQUENCES)) {
    end(index);
    at = index + sequence.length;
  }
  end(output.length);
  return runs;
}
