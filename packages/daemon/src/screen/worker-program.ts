import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The worker's program, which stands beside the daemon's own. An installation replaces both while the daemon runs on, so it is opened
 * when the daemon starts and read when it is needed: a worker is of the daemon's build, or there is none.
 */
export class WorkerProgram implements Disposable {
  readonly #fd: number | undefined;
  readonly #whyNot: unknown;

  constructor(file: URL | string = new URL('../screen/main.cjs', import.meta.url)) {
    try {
      this.#fd = openSync(file, 'r');
    } catch (error) {
      this.#whyNot = error;
    }
  }

  /** A CommonJS script. Throws what stood in the way when it was opened. */
  read(): string {
    if (this.#fd === undefined) throw this.#whyNot;
    const bytes = Buffer.alloc(fstatSync(this.#fd).size);
    const count = readSync(this.#fd, bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, count);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
