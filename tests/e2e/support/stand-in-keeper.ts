import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Client } from '@holdfast/client';
import { close, MessageChannel, PosixError, socketPair } from '@holdfast/posix';
import type { Exit, Session } from '@holdfast/protocol';
import { type FromKeeper, parseToKeeper, type ToKeeper } from '@holdfast/protocol/keeper';
import { createHome } from '@holdfast/supervisor';
import { ByteLog, type OpenOptions, program, Recording, TestHome, within } from '@holdfast/testkit';

const LOOK_EVERY_MS = 2;

/** The far end of a daemon's channel to its keeper: it holds what it is told to, and says what a test wants said. */
export class StandInKeeper implements AsyncDisposable {
  readonly home: TestHome;
  readonly held = new Map<string, { fd: number; pid: number | undefined }>();
  /** Types of messages, as they came. */
  readonly heard: ToKeeper[] = [];
  /** Statuses to tell when everything is given back. */
  readonly exits = new Map<number, Exclude<Exit, { lost: true }>>();
  /** While it is false, nothing is read from the daemon. */
  listens = true;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #daemon: ChildProcess | undefined;
  #channel: MessageChannel<FromKeeper, ToKeeper> | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  readonly #looking = setInterval(() => this.#look(), LOOK_EVERY_MS);

  constructor(options: { args?: readonly string[]; env?: Record<string, string> } = {}) {
    this.home = new TestHome();
    this.#args = options.args ?? [];
    this.#env = options.env ?? {};
    createHome(this.home.paths);
  }

  /** Starts a daemon and gives it everything. Resolves with what it says: `{ready: true}`, or why not; undefined if it died. */
  async start(): Promise<unknown> {
    const [ours, theirs] = socketPair('messages');
    const { runtimeDir, stateDir, label } = this.home.paths;
    const folders = ['--runtime-dir', runtimeDir, '--state-dir', stateDir, '--home', label];
    const fds = ['--ready-fd', '3', '--keeper-fd', '4'];
    const line = new ByteLog();
    this.#daemon = spawn(
      process.execPath,
      [this.home.installation.daemonEntry, 'serve', ...folders, ...fds, ...this.#args],
      {
        cwd: '/',
        detached: true,
        env: { ...this.home.env, ...this.#env },
        stdio: ['ignore', 'ignore', 'inherit', 'pipe', theirs],
      },
    );
    close(theirs);
    this.#channel?.close();
    this.#channel = new MessageChannel(ours, parseToKeeper);
    this.#ended = new Promise((resolve) => this.#daemon?.on('close', resolve));
    (this.#daemon.stdio[3] as Readable).on('data', (chunk: Buffer) => line.push(chunk));
    const said = line.waitFor(/^.*\n/).then(([text]): unknown => JSON.parse(text));
    const died = this.#ended.then(() => undefined);
    said.catch(() => undefined);
    return Promise.race([said, died]);
  }

  get pid(): number {
    return this.#daemon?.pid ?? -1;
  }

  /** Ends the daemon as a crash would. */
  async crash(): Promise<void> {
    this.#daemon?.kill('SIGKILL');
    await within('the end of the daemon', this.#ended);
    this.#look();
  }

  async restart(): Promise<unknown> {
    await this.crash();
    return this.start();
  }

  tell(message: FromKeeper): void {
    try {
      this.#channel?.send(message);
    } catch (error) {
      // A daemon that was killed hears nothing any more.
      if (!(error instanceof PosixError) || error.code !== 'EPIPE') throw error;
    }
  }

  connect(reconnect = true): Promise<Client> {
    return this.home.connect({ reconnect });
  }

  async open(
    file: string,
    args: readonly (string | number)[] = [],
    options: OpenOptions = {},
  ): Promise<Session> {
    return this.openCommand(program(file, ...args), options);
  }

  async openCommand(command: readonly string[], options: OpenOptions = {}): Promise<Session> {
    const client = await this.connect(false);
    const { env, ...rest } = options;
    const parameters = { command: [...command], cwd: '/', cols: 80, rows: 24, ...rest };
    const { session } = await client.request('open', { ...parameters, env: { ...this.home.env, ...env } });
    client.close();
    return session;
  }

  async get(id: string): Promise<Session> {
    const client = await this.connect(false);
    const { session } = await client.request('get', { session: id });
    client.close();
    return session;
  }

  async record(session: Session): Promise<Recording> {
    return Recording.begin(await this.connect(), session.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    for (const { fd } of this.held.values()) close(fd);
    this.#channel?.close();
    await this.home[Symbol.asyncDispose]();
  }

  #look(): void {
    while (this.#channel && this.listens) {
      const received = this.#channel.receive();
      if (received === 'none') return;
      if (received === 'end') {
        this.#channel.close();
        this.#channel = undefined;
        return;
      }
      this.#take(received.message, received.fds[0]);
    }
  }

  #take(message: ToKeeper, fd: number | undefined): void {
    this.heard.push(message);
    if (message.type === 'hold' && fd !== undefined) {
      this.#drop(message.name);
      this.held.set(message.name, { fd, pid: message.pid });
      this.tell({ type: 'held', name: message.name });
    } else if (message.type === 'drop') this.#drop(message.name);
    else if (message.type === 'taken') this.exits.delete(message.pid);
    else if (message.type === 'giveBack') this.#giveBack();
  }

  #drop(name: string): void {
    const held = this.held.get(name);
    if (held) close(held.fd);
    this.held.delete(name);
  }

  #giveBack(): void {
    for (const [name, { fd, pid }] of this.held)
      this.#channel?.send({ type: 'give', name, ...(pid === undefined ? {} : { pid }) }, [fd]);
    for (const [pid, status] of this.exits) this.tell({ type: 'exited', pid, status });
    this.tell({ type: 'given', count: this.held.size });
  }
}
