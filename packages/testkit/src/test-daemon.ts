import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Client } from '@holdfast/client';
import type { OpenParameters, Session } from '@holdfast/protocol';
import { createHome } from '@holdfast/supervisor';
import { ByteLog } from './byte-log.ts';
import type { CliOptions, CliResult } from './cli-process.ts';
import { eventually, within } from './eventually.ts';
import { untilEnded } from './processes.ts';
import { program } from './programs.ts';
import { type RecordOptions, Recording } from './recording.ts';
import { TestHome } from './test-home.ts';

export interface DaemonOptions {
  /** By default one of its own, which is disposed of with the daemon. */
  readonly home?: TestHome;
  /** Whether it has a keeper, which is then the process that was started here. */
  readonly keeper?: boolean;
  /** More arguments: `--no-pidfd`. */
  readonly args?: readonly string[];
  /** Limit of open files, soft and hard. */
  readonly openFilesLimit?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What to open besides the command; the environment is added to that of the home. */
export type OpenOptions = Partial<Omit<OpenParameters, 'command'>>;

/** Starts a real daemon, and resolves when it accepts connections. */
export async function startDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = new TestDaemon(options);
  try {
    await daemon.ready();
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
  return daemon;
}

/** A daemon process that belongs to a test. It is a child of the test, so that its end is an event. */
export class TestDaemon implements AsyncDisposable {
  readonly home: TestHome;
  readonly process: ChildProcess;
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #stderr = new ByteLog();
  readonly #line = new ByteLog();
  readonly #ownsHome: boolean;
  readonly #hasKeeper: boolean;
  #client: Promise<Client> | undefined;

  constructor({ home, keeper = false, args = [], openFilesLimit, env = {} }: DaemonOptions) {
    this.#hasKeeper = keeper;
    this.#ownsHome = home === undefined;
    this.home = home ?? new TestHome();
    createHome(this.home.paths);
    const { runtimeDir, stateDir, label } = this.home.paths;
    const folders = ['--runtime-dir', runtimeDir, '--state-dir', stateDir, '--home', label];
    const { daemonEntry, keeperEntry } = this.home.installation;
    const options = [...folders, '--ready-fd', '3', ...args];
    const command = keeper
      ? [process.execPath, keeperEntry, ...options, '--', process.execPath, daemonEntry]
      : [process.execPath, daemonEntry, 'serve', ...options];
    const limit = openFilesLimit === undefined ? '' : `ulimit -n ${openFilesLimit}; `;
    this.process = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
      cwd: '/',
      detached: true,
      env: { ...this.home.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    (this.process.stdio[3] as Readable).on('data', (chunk: Buffer) => this.#line.push(chunk));
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Of the process that was started here: the daemon, or its keeper. */
  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** The daemon that was started last and lives, when there is one. */
  servingPid(): Promise<number> {
    return eventually('a daemon', () => this.home.daemonPid);
  }

  /** Kills the daemon of a keeper; resolves with its pid when it is gone. */
  async killServing(): Promise<number> {
    const pid = await this.servingPid();
    process.kill(pid, 'SIGKILL');
    await untilEnded(pid);
    return pid;
  }

  /** What it wrote to stderr. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Resolves when it accepts connections; rejects with what it said instead. */
  async ready(): Promise<void> {
    const failed = this.ended.then(({ code, signal }) => {
      throw new Error(`the daemon ended (${signal ?? code}): ${this.#line.text}${this.stderr}`);
    });
    const [line] = await Promise.race([this.#line.waitFor(/^.*\n/), failed]);
    failed.catch(() => undefined);
    const said: unknown = JSON.parse(line);
    if (typeof said !== 'object' || said === null || !('ready' in said) || said.ready !== true) {
      throw new Error(`the daemon is not ready: ${line}`);
    }
  }

  /** A connection of the test's own that lives as long as the home. */
  connect(options?: { name?: string; reconnect?: boolean }): Promise<Client> {
    return this.home.connect(options);
  }

  /** A connection for whatever needs none of its own. */
  client(): Promise<Client> {
    this.#client ??= this.connect({ reconnect: this.#hasKeeper });
    return this.#client;
  }

  cli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
    return this.home.cli(args, options);
  }

  /** Opens a session of any command. */
  async openCommand(command: readonly string[], options: OpenOptions = {}): Promise<Session> {
    const client = await this.client();
    const { env, ...rest } = options;
    const { session } = await client.request('open', {
      command: [...command],
      cwd: '/',
      cols: 80,
      rows: 24,
      ...rest,
      env: { ...this.home.env, ...env },
    });
    return session;
  }

  /** Opens a session of a program of tests/programs. */
  open(file: string, args: readonly (string | number)[] = [], options?: OpenOptions): Promise<Session> {
    return this.openCommand(program(file, ...args), options);
  }

  /** Records a session's output. */
  async record(session: Session | string, options: RecordOptions = {}): Promise<Recording> {
    return Recording.begin(await this.client(), typeof session === 'string' ? session : session.id, options);
  }

  async get(session: Session | string): Promise<Session> {
    const client = await this.client();
    const id = typeof session === 'string' ? session : session.id;
    return (await client.request('get', { session: id })).session;
  }

  /** Ends all sessions and the daemon as a service manager would. */
  async stop(): Promise<void> {
    process.kill(this.#hasKeeper ? await this.servingPid() : this.pid, 'SIGTERM');
    await within('the end of the daemon', this.ended);
  }

  /** Ends the daemon as a crash would. */
  async crash(): Promise<void> {
    this.process.kill('SIGKILL');
    await within('the end of the daemon', this.ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ownsHome) return this.home[Symbol.asyncDispose]();
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop();
  }
}
