import { type ChildProcess, spawn } from 'node:child_process';
import { ByteLog } from './byte-log.ts';
import { within } from './eventually.ts';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Bytes for stdin, which then ends; `open` leaves it to the test. By default it is empty. */
  readonly stdin?: Uint8Array | 'open';
  /** How long `result` may take. */
  readonly withinMs?: number;
}

/** `bin/holdfast` with pipes for its standard streams. Ends by itself, or with its home. */
export class CliProcess {
  readonly stdout = new ByteLog();
  readonly stderr = new ByteLog();
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #what: string;

  constructor(
    command: { bin: string; args: readonly string[]; env: NodeJS.ProcessEnv },
    options: CliOptions,
  ) {
    this.#what = `holdfast ${command.args.join(' ')}`;
    const { cwd = '/', stdin } = options;
    this.child = spawn(command.bin, command.args, {
      cwd,
      env: command.env,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.stdout.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.stderr.push(chunk));
    this.child.stdin?.on('error', () => undefined); // EPIPE: it has ended and takes no more
    if (stdin instanceof Uint8Array) this.child.stdin?.end(stdin);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it has ended and all its output has been read. */
  async result(withinMs = 30_000): Promise<CliResult> {
    const { code, signal } = await within(`the end of ${this.#what}`, this.ended, withinMs);
    return { code, signal, stdout: this.stdout.bytes, stderr: this.stderr.text };
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
