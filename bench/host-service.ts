import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Holdfast } from './holdfast.ts';
import type { Bench } from './measure.ts';

const START_MS = 20_000;
const LOOK_MS = 20;
/** A hundred pages of a flood, on a slow machine. */
const TASK_MS = 300_000;

interface Accepting {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

/** `holdfast serve`, and what pages do with it, each in a process of its own. */
export class HostService implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #daemonPid: number;
  readonly #at: Accepting;

  private constructor(bench: Bench, daemonPid: number, at: Accepting) {
    this.#bench = bench;
    this.#daemonPid = daemonPid;
    this.#at = at;
  }

  /** Starts one; the daemon runs. Its output goes to a file: the reactor has the event loop. */
  static async start(bench: Bench, holdfast: Holdfast, daemonPid: number): Promise<HostService> {
    const said = path.join(bench.folder, 'host.json');
    const output = openSync(said, 'wx');
    const { pid } = spawn(bench.options.holdfast, ['serve', '--port', '0', '--json'], {
      env: holdfast.env,
      stdio: ['ignore', output, 'inherit'],
    });
    closeSync(output);
    for (let waitedMs = 0; waitedMs < START_MS; waitedMs += LOOK_MS) {
      const [line = '', rest] = readFileSync(said, 'utf8').split('\n');
      if (rest !== undefined) return new HostService(bench, daemonPid, JSON.parse(line));
      await pass(bench, LOOK_MS);
    }
    if (pid !== undefined) process.kill(pid);
    throw new Error(`the host has not accepted within ${START_MS} ms`);
  }

  /** Does a task of host-pages.ts, and waits for its end; the figures that it must have. */
  run<Figure extends string>(
    { task, file = '', count = 0 }: { task: string; file?: string; count?: number },
    figures: readonly Figure[],
  ): Record<Figure, number> {
    const asked = JSON.stringify({ at: this.#at, daemonPid: this.#daemonPid, task, file, count });
    const root = path.resolve(import.meta.dirname, '..');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'scripts', 'run-ts.mjs'), path.join(root, 'bench', 'host-pages.ts'), asked],
      { encoding: 'utf8', timeout: TASK_MS },
    );
    if (status !== 0) throw new Error(`${task}: ${stderr.trim().slice(-500) || `status ${status}`}`);
    const told = JSON.parse(stdout) as Record<Figure, number>;
    const missing = figures.find((name) => typeof told[name] !== 'number');
    if (missing !== undefined) throw new Error(`${task} tells no ${missing}`);
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.kill(this.#at.pid, 'SIGTERM');
    for (let waitedMs = 0; waitedMs < START_MS && isThere(this.#at.pid); waitedMs += LOOK_MS)
      await pass(this.#bench, LOOK_MS);
  }
}

function pass({ reactor }: Bench, ms: number): Promise<void> {
  return new Promise((resolve) => void reactor.after(ms, resolve));
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH
  }
}
