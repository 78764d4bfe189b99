import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Client, netConnector } from '@holdfast/client';
import { type Home, resolveHome } from '@holdfast/supervisor';
import { type CliOptions, CliProcess, type CliResult } from './cli-process.ts';
import { eventually } from './eventually.ts';
import { Gate } from './gate.ts';
import { type Installation, installation } from './installation.ts';
import { commandLine, processesWith } from './processes.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

/** Short, since a socket's path is. */
const ROOT = '/tmp';
/** How long everything may take to end when a test is over. */
const END_PATIENCE_MS = 10_000;

/**
 * A HOLDFAST_HOME of a test's own, with the command line to use it. At the end everything that was started in it is
 * ended, whatever is left after that is an error, and the folder is removed.
 */
export class TestHome implements AsyncDisposable {
  /** HOLDFAST_HOME. */
  readonly folder: string;
  readonly paths: Home;
  /** The environment of everything that is started here. Nothing of the user's own home is in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly installation: Installation;
  readonly #root: string;
  readonly #clients: Client[] = [];
  readonly #terminals: Terminal[] = [];
  readonly #processes: CliProcess[] = [];
  #gates = 0;

  /** `folderName` may be long or odd: the home is a folder of that name. */
  constructor(
    options: { folderName?: string; installation?: Installation; env?: Record<string, string> } = {},
  ) {
    this.#root = mkdtempSync(path.join(ROOT, 'hf-'));
    this.folder = path.join(this.#root, options.folderName ?? 'h');
    this.installation = options.installation ?? installation();
    const user = path.join(this.#root, 'user');
    mkdirSync(user);
    chmodSync(user, 0o700);
    this.env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: user,
      USER: process.env['USER'] ?? 'tester',
      SHELL: '/bin/sh',
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      PS1: '$ ',
      HOLDFAST_HOME: this.folder,
      ...options.env,
    };
    this.paths = resolveHome(this.env);
  }

  /** A folder of the test's own that is removed with the home. */
  scratch(name: string): string {
    const folder = path.join(this.#root, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A gate for a program to wait at. */
  gate(): Gate {
    this.#gates += 1;
    return new Gate(path.join(this.#root, `gate-${this.#gates}`));
  }

  /** Runs a command to its end. */
  cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return this.startCli(args, options).result(options.withinMs);
  }

  /** Starts a command and leaves it running. */
  startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
    const started = new CliProcess(
      { bin: this.installation.bin, args, env: this.#with(options.env) },
      options,
    );
    this.#processes.push(started);
    return started;
  }

  /** Starts a command in a terminal of its own. */
  terminal(args: readonly string[], options: TerminalOptions = {}): Terminal {
    const { bin } = this.installation;
    return this.terminalWith([bin, ...args], options);
  }

  /** Starts any program (absolute path) in a terminal of its own. */
  terminalWith(argv: readonly string[], options: TerminalOptions = {}): Terminal {
    const terminal = new Terminal({ file: argv[0] ?? '', argv, env: this.#with(options.env) }, options);
    this.#terminals.push(terminal);
    return terminal;
  }

  /** A client of the daemon that runs here; it does not reconnect unless asked to. */
  async connect(options: { name?: string; reconnect?: boolean } = {}): Promise<Client> {
    const { name = 'test', reconnect = false } = options;
    const client = await Client.connect({ connector: netConnector(this.paths.socketPath), name, reconnect });
    this.#clients.push(client);
    return client;
  }

  /** Everything that runs and belongs to this home, daemon included. */
  get processes(): number[] {
    return processesWith('HOLDFAST_HOME', this.folder);
  }

  /** The daemon that serves this home, if one runs. */
  get daemonPid(): number | undefined {
    return this.daemonPids[0];
  }

  /** Daemons of this home, those that are taking over included: found by their command lines, so that they need not answer. */
  get daemonPids(): number[] {
    return this.processes.filter(
      (pid) => / (serve|adopt) --runtime-dir (\S+)/.exec(commandLine(pid))?.[2] === this.paths.runtimeDir,
    );
  }

  /** The keeper of this home, if one runs. */
  get keeperPid(): number | undefined {
    return this.keeperPids[0];
  }

  /** Keepers of this home: more than one only while one is being replaced. */
  get keeperPids(): number[] {
    return this.processes.filter(
      (pid) => /keeper\/main.js --runtime-dir (\S+)/.exec(commandLine(pid))?.[1] === this.paths.runtimeDir,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const terminal of this.#terminals) terminal[Symbol.dispose]();
    for (const started of this.#processes) if (started.isRunning) started.kill('SIGKILL');
    const { daemonPid, keeperPid } = this;
    if (keeperPid !== undefined) signal(keeperPid, 'SIGCONT');
    const told = new Set<number>();
    if (daemonPid !== undefined) {
      signal(daemonPid, 'SIGCONT');
      tellOnce(daemonPid, told);
    }
    try {
      await eventually('the end of everything', () => this.#hasEnded(told), END_PATIENCE_MS);
    } catch (cause) {
      const left = this.processes;
      const names = left
        .slice(0, 10)
        .map((pid) => `${pid} ${commandLine(pid)}`)
        .join('\n');
      for (const pid of left) signal(pid, 'SIGKILL');
      if (left.length > 0)
        throw new Error(`${left.length} processes were left running:\n${names}`, { cause });
    } finally {
      rmSync(this.#root, { recursive: true, force: true });
    }
  }

  /** Ends daemons that came later, by somebody who was starting one; and a keeper that has no daemon to do that. */
  #hasEnded(told: Set<number>): boolean {
    const { keeperPid, daemonPid } = this;
    if (daemonPid !== undefined) tellOnce(daemonPid, told);
    else if (keeperPid !== undefined) signal(keeperPid, 'SIGTERM');
    return this.processes.length === 0;
  }

  #with(more: CliOptions['env'] = {}): Record<string, string> {
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...this.env, ...more }))
      if (value !== undefined) env[name] = value;
    return env;
  }
}

function tellOnce(pid: number, told: Set<number>): void {
  if (!told.has(pid)) signal(pid, 'SIGTERM');
  told.add(pid);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: it has just ended.
  }
}
