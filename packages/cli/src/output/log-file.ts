import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;

/** A file that grows, and may be cut short or replaced by a new one meanwhile. */
export class LogFile {
  readonly #path: string;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #inode = 0;
  #position = 0;

  /** `write` resolves when it takes more. */
  constructor(path: string, write: (bytes: Uint8Array) => Promise<void>) {
    this.#path = path;
    this.#write = write;
  }

  /** Writes what has come since the last call; false if there is no such file. */
  async copyNew(): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    }
    try {
      const { ino, size } = await file.stat();
      const isOther = ino !== this.#inode;
      if (isOther || size < this.#position) this.#position = 0;
      this.#inode = ino;
      const buffer = new Uint8Array(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#position);
        if (bytesRead === 0) return true;
        this.#position += bytesRead;
        await this.#write(buffer.slice(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
}
