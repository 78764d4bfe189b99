import {
  differences,
  type Emulator,
  Emulators,
  SafeOffset,
  type ScreenSize,
  Serializer,
} from '@holdfast/screen';
import { queriesIn } from '@holdfast/testkit';

const emulators = new Emulators();
const serializer = new Serializer();

export interface ReplacedOptions {
  /** Longer reads are taken as several ones. */
  readonly readBytes: number;
  /** What it says that it is; what xterm.js is, if not given. */
  readonly deviceAttributes?: string | undefined;
}

export interface Shown {
  readonly page: string;
  readonly beforeCursor: string;
}

/** The terminal of a program that was always there, which answers; and beside it one that is replaced by a restored one at every read. */
export class ReplacedTerminal implements Disposable {
  readonly #always: Emulator;
  #restored: Emulator;
  readonly #size: ScreenSize;
  readonly #readBytes: number;
  readonly #output = new SafeOffset();
  readonly #faults: string[] = [];

  constructor(size: ScreenSize, answer: (text: string) => void, options: ReplacedOptions) {
    const { readBytes, deviceAttributes } = options;
    this.#size = size;
    this.#readBytes = readBytes;
    this.#always = emulators.open(size);
    this.#restored = emulators.open(size);
    const { terminal } = this.#always;
    terminal.options.disableStdin = false;
    terminal.onData(answer);
    if (deviceAttributes === undefined) return;
    terminal.parser.registerCsiHandler({ final: 'c' }, () => {
      answer(deviceAttributes);
      return true;
    });
  }

  /** How much of the output it has been given. */
  get end(): number {
    return this.#output.end;
  }

  /** Shows what is new of the output, which is given from its beginning. */
  read(output: Uint8Array): void {
    while (this.end < output.length) {
      const before = this.#output.safe;
      this.#output.push(output.subarray(this.end, this.end + this.#readBytes));
      const fresh = output.subarray(before, this.#output.safe);
      this.#always.feed(fresh);
      this.#replace();
      this.#restored.feed(fresh);
    }
  }

  /** How the two differ by now, and what was wrong with a snapshot: it could not write something, or asks something. */
  faults(): readonly string[] {
    const painted = serializer.serialize(this.#restored, { isInUse: true });
    return [...this.#faults, ...asked(painted), ...differences(this.#always, this.#restored)];
  }

  /** The text of the screen, and what of it is before the cursor. */
  shown(): Shown {
    const { terminal, rows } = this.#always;
    const { active } = terminal.buffer;
    const row = (y: number, end?: number) =>
      active.getLine(active.baseY + y)?.translateToString(true, 0, end);
    const upTo = (y: number) => Array.from({ length: y }, (_, above) => row(above));
    const beforeCursor = [...upTo(active.cursorY), row(active.cursorY, active.cursorX)];
    return { page: upTo(rows).join('\n'), beforeCursor: beforeCursor.join('\n').trimEnd() };
  }

  [Symbol.dispose](): void {
    this.#always[Symbol.dispose]();
    this.#restored[Symbol.dispose]();
  }

  #replace(): void {
    const snapshot = serializer.serialize(this.#restored);
    this.#faults.push(...serializer.unrepresented, ...asked(snapshot));
    this.#restored[Symbol.dispose]();
    this.#restored = emulators.open(this.#size);
    this.#restored.feed(snapshot);
    if (!serializer.serialize(this.#restored).equals(snapshot))
      this.#faults.push('a snapshot is another one when it has been restored');
  }
}

function asked(snapshot: Uint8Array): string[] {
  return queriesIn(snapshot).map((query) => `a snapshot asks ${JSON.stringify(query)}`);
}
