import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { Client } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import type { Reactor } from '@holdfast/posix';
import { resolveHome } from '@holdfast/supervisor';

/** A program that does nothing, as small as there is one. */
const IDLE_COMMAND = ['sleep', '1000000'];
/** Opened at once; more would only wait in the daemon. */
const OPENED_AT_ONCE = 10;

interface HoldfastOptions {
  /** The program. */
  readonly program: string;
  /** Home of its own. */
  readonly home: string;
  readonly reactor: Reactor;
}

/** One home of Holdfast, with the daemon that its commands start. It is stopped at the end. */
export class Holdfast implements AsyncDisposable {
  readonly #options: HoldfastOptions;
  readonly env: Readonly<Record<string, string>>;

  constructor(options: HoldfastOptions) {
    this.#options = options;
    mkdirSync(options.home, { recursive: true, mode: 0o700 });
    this.env = environment({ HOLDFAST_HOME: options.home });
  }

  /** Runs a command; returns what it printed. Throws Error with its own message if it fails. */
  run(...args: string[]): string {
    const result = this.#spawn(args);
    if (result.status === 0) return result.stdout;
    throw new Error(`holdfast ${args.join(' ')}: ${result.stderr.trim() || `status ${result.status}`}`);
  }

  /** Runs a command; returns how long it took, in milliseconds. */
  time(...args: string[]): number {
    const beginMs = performance.now();
    this.run(...args);
    return performance.now() - beginMs;
  }

  /** Opens a session that does nothing, and starts the daemon if none runs. */
  openIdle(): string {
    return this.run('new', '-d', '--', ...IDLE_COMMAND).trim();
  }

  /** As openIdle, timed. */
  timeOpenIdle(): number {
    return this.time('new', '-d', '--', ...IDLE_COMMAND);
  }

  /** Opens many sessions that do nothing over one connection; the daemon must run. */
  async openIdleSessions(count: number): Promise<void> {
    const client = await this.connect();
    const parameters = { command: IDLE_COMMAND, cwd: '/', env: this.env, cols: 80, rows: 24 };
    for (let opened = 0; opened < count; opened += OPENED_AT_ONCE) {
      const batch = Math.min(OPENED_AT_ONCE, count - opened);
      await Promise.all(Array.from({ length: batch }, () => client.request('open', parameters)));
    }
    client.close();
  }

  /** A client of the daemon, which must run. */
  connect(): Promise<Client> {
    const { socketPath } = resolveHome(this.env);
    return Client.connect({ connector: posixConnector(socketPath, this.#options.reactor), name: 'bench' });
  }

  /** The daemon's pid; undefined if none runs. */
  daemonPid(): number | undefined {
    return this.#pidOf('daemon');
  }

  /** The keeper's pid; undefined if none runs. */
  keeperPid(): number | undefined {
    return this.#pidOf('keeper');
  }

  /** Starts a daemon with no session; returns its pid. */
  startDaemon(): number {
    const session = this.openIdle();
    this.run('kill', session);
    this.run('forget', session);
    const pid = this.daemonPid();
    if (pid === undefined) throw new Error('no daemon runs');
    return pid;
  }

  /** Ends the sessions and the daemon. */
  stop(): void {
    this.run('stop', '--yes');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.daemonPid() !== undefined) this.stop();
  }

  #pidOf(which: 'daemon' | 'keeper'): number | undefined {
    const status = JSON.parse(this.run('status', '--json')) as Readonly<
      Record<typeof which, { readonly pid?: unknown } | null | undefined>
    >;
    const pid = status[which]?.pid;
    return typeof pid === 'number' ? pid : undefined;
  }

  #spawn(args: readonly string[]): SpawnSyncReturns<string> {
    return spawnSync(this.#options.program, args, {
      env: this.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** What all measured programs are started with: as little as possible, and the same for all. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '/usr/bin:/bin', HOME = '/', LANG = 'C.UTF-8' } = process.env;
  return { PATH, HOME, LANG, TERM: 'xterm-256color', PS1: '$ ', SHELL: '/bin/sh', ...more };
}
