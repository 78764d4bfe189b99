import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { eventually, repository, type TestHome } from '@holdfast/testkit';

const PROGRAM = path.join(repository, 'tests', 'programs', 'tell-heap.cjs');
/** On a busy machine. */
const PATIENCE_MS = 30_000;

/** Asks processes for what they have in use once their garbage is collected: those that have preloaded a module for it. */
export class HeapProbe {
  /** To be given to Node. */
  readonly arguments: readonly string[];
  readonly #folder: string;

  /** What processes tell goes through the home. */
  constructor(home: TestHome) {
    this.#folder = home.scratch('heap');
    const module = path.join(this.#folder, 'tell-heap.cjs');
    copyFileSync(PROGRAM, module);
    this.arguments = ['--require', module];
  }

  /** Rejects if it does not tell; a process that has not preloaded the module ends. */
  async bytesInUse(pid: number): Promise<number> {
    const file = path.join(this.#folder, `${pid}.bytes`);
    process.kill(pid, 'SIGUSR2');
    const bytes = await eventually(`what ${pid} has in use`, () => read(file), PATIENCE_MS);
    rmSync(file);
    return Number(bytes);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined; // ENOENT
  }
}
