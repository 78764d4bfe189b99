import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { type CliOptions, type CliProcess, type Terminal, TestHome } from '@holdfast/testkit';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home in which the command line is used as a script or a person would, from a folder of its own. */
export class CliHome extends TestHome {
  readonly work: string;

  constructor(options: { folderName?: string; env?: Record<string, string> } = {}) {
    super(options);
    this.work = this.scratch('work');
    // Login shells read it behind /etc/profile, which gives root another prompt.
    writeFileSync(path.join(this.env['HOME'] ?? '', '.profile'), "PS1='$ '\n");
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Result> {
    return this.runWith({}, ...args);
  }

  /** Runs a command with something on stdin, or with more environment. */
  async runWith(options: CliOptions, ...args: string[]): Promise<Result> {
    const { code, stdout, stderr } = await this.cli(args, { cwd: this.work, ...options });
    return { code, stdout: stdout.toString(), stderr };
  }

  /** Runs a command that must succeed; returns its stdout. */
  async do(...args: string[]): Promise<string> {
    const result = await this.run(...args);
    if (result.code !== 0) throw new Error(`holdfast ${args.join(' ')}: ${JSON.stringify(result)}`);
    return result.stdout;
  }

  /** Opens a session in which a shell runs a script; `options` are those of `new`. */
  async open(name: string, script: string, ...options: string[]): Promise<void> {
    await this.do('new', '-d', '--name', name, ...options, '--', 'sh', '-c', script);
  }

  start(...args: string[]): CliProcess {
    return this.startCli(args, { cwd: this.work, stdin: 'open' });
  }

  /** Runs a shell command in a terminal of its own; `$HF` is the command line. */
  inTerminal(script: string): Terminal {
    return this.terminalWith(['/bin/sh', '-c', script], {
      cwd: this.work,
      size: { cols: 100, rows: 30 },
      env: { HF: this.installation.bin },
    });
  }
}
