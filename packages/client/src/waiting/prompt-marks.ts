const BEGIN = Buffer.from('\x1b]133;');
const BEL = 0x07;
const ESC = 0x1b;
/** A mark has some letters and options. A longer one is none. */
const MARK_BYTES_MAX = 4096;

/** A mark of the shell's in its output (OSC 133), by its letter; of `D` also how the last command has ended, if it says so. */
export interface PromptMark {
  readonly letter: string;
  readonly exit: number | undefined;
}

/** Finds the marks by which a shell tells where prompts, commands and their output begin. Pieces may end anywhere. */
export class PromptMarks {
  #rest: Buffer = Buffer.alloc(0);

  /** Something may be missing behind what has come: what had begun there is no mark. */
  missed(): void {
    this.#rest = Buffer.alloc(0);
  }

  push(bytes: Uint8Array): PromptMark[] {
    // Most output has none, and nothing that may become one.
    if (this.#rest.length === 0 && !bytes.includes(ESC)) return [];
    const output = Buffer.concat([this.#rest, bytes]);
    const marks: PromptMark[] = [];
    let at = 0;
    for (let begin = output.indexOf(BEGIN); begin !== -1; begin = output.indexOf(BEGIN, at)) {
      const from = begin + BEGIN.length;
      const end = endOf(output, from);
      if (end === undefined) {
        at = output.length - begin > MARK_BYTES_MAX ? from : begin;
        if (at === from) continue;
        break;
      }
      marks.push(parseMark(output.toString('latin1', from, end)));
      at = end;
    }
    this.#rest = Buffer.from(output.subarray(Math.max(at, beginsAt(output, at))));
    return marks;
  }
}

/** Where the text of a mark ends: at BEL, or ST, or at whatever sequence breaks it off. */
function endOf(output: Buffer, from: number): number | undefined {
  for (let at = from; at < output.length; at += 1) if (output[at] === BEL || output[at] === ESC) return at;
  return undefined;
}

/** Where at the end of the output a mark may have begun. */
function beginsAt(output: Buffer, from: number): number {
  const escape = output.lastIndexOf(ESC);
  if (escape < from) return output.length;
  const tail = output.subarray(escape, escape + BEGIN.length);
  return BEGIN.subarray(0, tail.length).equals(tail) ? escape : output.length;
}

function parseMark(text: string): PromptMark {
  const [letter = '', status = ''] = text.split(';');
  return { letter, exit: letter === 'D' && /^-?\d{1,9}$/.test(status) ? Number(status) : undefined };
}
