import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TerminalProgram } from './terminal-program.ts';

export const HOLDFAST = path.resolve(import.meta.dirname, '../../../bin/holdfast');

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home of its own for the real command line. Disposing stops its daemon, and fails if that can't be done. */
export class CliHome implements AsyncDisposable {
  readonly folder: string;
  readonly env: Record<string, string>;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      HOLDFAST_HOME: path.join(folder, 'h'),
    };
  }

  static async create(): Promise<CliHome> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hf-'));
    // Login shells read it behind /etc/profile, which gives root another prompt.
    await writeFile(path.join(folder, '.profile'), "PS1='$ '\n");
    return new CliHome(folder);
  }

  /** Starts a command; stdin and stdout are pipes. */
  start(...args: string[]): ChildProcess {
    return spawn(HOLDFAST, args, { env: this.env, cwd: this.folder, stdio: 'pipe' });
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Result> {
    return this.runWith('', ...args);
  }

  /** Runs a command that has `input` on stdin. */
  runWith(input: string | Uint8Array, ...args: string[]): Promise<Result> {
    const child = this.start(...args);
    child.stdin?.end(input);
    return finished(child);
  }

  /** Runs a command that must succeed; returns its stdout. */
  async do(...args: string[]): Promise<string> {
    const result = await this.run(...args);
    if (result.code !== 0) throw new Error(`holdfast ${args.join(' ')}: ${JSON.stringify(result)}`);
    return result.stdout;
  }

  /** Runs a shell command in a terminal of its own. */
  inTerminal(script: string, env: Record<string, string> = {}): TerminalProgram {
    return TerminalProgram.start({
      argv: ['/bin/sh', '-c', script],
      cwd: this.folder,
      env: { ...this.env, HF: HOLDFAST, ...env },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = await this.run('stop', '--yes');
    await rm(this.folder, { recursive: true, force: true });
    if (stopped.code !== 0) throw new Error(`the daemon could not be stopped: ${stopped.stderr}`);
  }
}

/** What a child prints until it ends. */
export function finished(child: ChildProcess): Promise<Result> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // EPIPE: it ended without reading all of its input.
  child.stdin?.on('error', () => undefined);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: Buffer.from(stdout, 'latin1').toString(), stderr }));
  });
}
