import fs from 'node:fs';
import { close, makeRaw, openPty, read, setNonBlocking, WOULD_BLOCK } from '@holdfast/posix';

/** A terminal whose program is the test: what is typed is read when the test wants to. */
export class TypedTerminal {
  readonly master: number;
  readonly #slavePath: string;
  readonly #chunks: Buffer[] = [];
  readonly #piece = Buffer.from(new ArrayBuffer(4_096));
  #slave: number | undefined;

  constructor() {
    const { master, slavePath } = openPty({ cols: 80, rows: 24 });
    this.master = master;
    this.#slavePath = slavePath;
    this.open();
    makeRaw(this.#slave ?? -1);
  }

  /** What the program has read so far. */
  get typed(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Reads so many times at most; false if nothing was there. */
  read(times = Number.POSITIVE_INFINITY): boolean {
    let any = false;
    for (let count = 0; count < times; count += 1) {
      const byteCount = read(this.#slave ?? -1, this.#piece, 0, this.#piece.length);
      if (byteCount === WOULD_BLOCK) return any;
      any = true;
      this.#chunks.push(Buffer.from(this.#piece.subarray(0, byteCount)));
    }
    return any;
  }

  /** The program closes its terminal, and nobody has it open. */
  hangUp(): void {
    if (this.#slave !== undefined) close(this.#slave);
    this.#slave = undefined;
  }

  open(): void {
    this.#slave = fs.openSync(this.#slavePath, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
    setNonBlocking(this.#slave);
  }

  [Symbol.dispose](): void {
    this.hangUp();
    close(this.master);
  }
}
