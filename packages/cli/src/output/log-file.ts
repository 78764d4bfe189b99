import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;

/**
 * A log that grows. Beyond its size it is renamed to `….1` and a new one begins: the old one is held open, so that its last
 * lines are not missed. It may also be cut short.
 */
export class LogFile implements AsyncDisposable {
  readonly #path: string;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #file: FileHandle | undefined;
  #position = 0;

  /** `write` resolves when it takes more. */
  constructor(path: string, write: (bytes: Uint8Array) => Promise<void>) {
    this.#path = path;
    this.#write = write;
  }

  /** Writes what has come since the last call; false if there has never been such a file. */
  async copyNew(): Promise<boolean> {
    for (;;) {
      const present = await openIfThere(this.#path);
      // Nothing more comes to a file that had its name taken, from before we looked.
      if (this.#file) await this.#copyRest(this.#file);
      if (!present) return this.#file !== undefined;
      if (this.#file && (await isSame(this.#file, present))) {
        await present.close();
        return true;
      }
      await this.#goOnWith(present);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  async #goOnWith(next: FileHandle): Promise<void> {
    const last = this.#file;
    // It may have been renamed twice since the last look: then a whole file lies between the two.
    const between = last && (await openIfThere(`${this.#path}.1`));
    if (between && !(await isSame(between, last)) && !(await isSame(between, next))) {
      this.#position = 0;
      await this.#copyRest(between);
    }
    await between?.close();
    await last?.close();
    this.#file = next;
    this.#position = 0;
  }

  async #copyRest(file: FileHandle): Promise<void> {
    if ((await file.stat()).size < this.#position) this.#position = 0;
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      await this.#write(buffer.slice(0, bytesRead));
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isSame(one: FileHandle, other: FileHandle): Promise<boolean> {
  return (await one.stat()).ino === (await other.stat()).ino;
}
