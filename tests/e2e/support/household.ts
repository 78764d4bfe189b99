import { execFileSync } from 'node:child_process';
import type { Client, Subscription } from '@holdfast/client';
import type { DaemonIdentity, HoldfastError, RequestResult, Session } from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  processState,
  Recording,
  settledFdCount,
  sha256,
  type Installation,
  type TestDaemon,
  type TestHome,
} from '@holdfast/testkit';
import { expect } from 'vitest';
import { startScreens } from './start-screens.ts';
import { nameOf, type Trial } from './trials.ts';
import {
  type PointedDaemon,
  sameBuild,
  startWithPoints,
  successors,
  type Target,
  type Upgraded,
} from './upgrades.ts';

const TYPED_BYTES = 3_000;
/** More than is ever typed: the program does not end by itself. */
const ECHO_BYTES = 1024 * 1024 * 1024;
/** How much of the flood must get through before all is well. */
const FLOOD_BYTES = 300_000;
const ACKNOWLEDGE_EVERY_MS = 50;

/**
 * Sessions and clients of every kind, which are to live on as if nothing had been tried, whatever happens to an upgrade.
 */
export class Household implements AsyncDisposable {
  readonly daemon: TestDaemon;
  readonly #pointed: PointedDaemon;
  readonly #client: Client;
  readonly #states: string[] = [];
  readonly #waits: Promise<unknown>[] = [];
  #isWaitOver = false;
  #entry: string | undefined;
  #typed = 0;
  #parts:
    | { flood: Flood; view: Recording; echoed: Recording; echo: Awaited<ReturnType<Client['openInput']>> }
    | undefined;

  /** In a home of its own unless one is given. */
  static async start(installation?: Installation, home?: TestHome): Promise<Household> {
    const pointed = await startWithPoints(installation, home);
    try {
      const household = new Household(pointed, await pointed.daemon.connect());
      await household.#moveIn();
      return household;
    } catch (error) {
      await pointed[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(pointed: PointedDaemon, client: Client) {
    this.#pointed = pointed;
    this.daemon = pointed.daemon;
    this.#client = client;
  }

  /** Survives one trial after the other. */
  async survivesAll(trials: readonly Trial[]): Promise<void> {
    for (const trial of trials) {
      await this.survives(trial).catch((cause: unknown) => {
        throw new Error(`after ${nameOf(trial)}: ${String(cause)}`, { cause });
      });
    }
  }

  /**
   * Tries an upgrade that is to fail as the trial says, looks that nothing has changed, and then does one that goes well.
   * Resolves with how it failed: the code and the reason, or `none`.
   */
  async survives(trial: Trial): Promise<string> {
    const before = await this.#state();
    const fds = await this.#fdCount(before.daemon.pid);
    const failure = await this.#try(trial, before.daemon.pid);
    if (trial.code !== 'any') expect(failure).toContain(trial.code);
    if (trial.reason !== undefined) expect(failure).toContain(trial.reason);
    const isDone = failure === 'none';
    if (!isDone) {
      expect(await this.#state()).toEqual(before);
      expect(
        successors(this.daemon).filter((pid) => pid !== this.daemon.pid && pid !== before.daemon.pid),
      ).toEqual([]);
      expect(await this.#fdCount(before.daemon.pid)).toBe(fds);
    }
    await this.runsOn();
    const now = await this.#state();
    expect(now.sessions).toEqual(before.sessions);
    // Nothing is left of it that could stand in the way of the next one, but in a successor that was robbed.
    if (!Object.values(trial.points ?? {}).includes('descriptors') || !isDone)
      await this.#upgradeWell(now.daemon.pid);
    await this.runsOn();
    expect((await this.#state()).sessions).toEqual(before.sessions);
    return failure;
  }

  /** Who serves. */
  async identity(): Promise<Pick<DaemonIdentity, 'pid' | 'version' | 'build'>> {
    const { pid, version, build } = (await this.#client.request('status', {})).daemon;
    return { pid, version, build };
  }

  /** An upgrade to the daemon in that file, which is the one for all that follow; sessions are as before. */
  async movesTo(entry: string): Promise<Upgraded> {
    const before = await this.#state();
    this.#entry = entry;
    const done = await this.#upgradeWell(before.daemon.pid);
    expect(done.sessions).toBe(before.sessions.filter(({ state }) => state === 'running').length);
    expect((await this.#state()).sessions).toEqual(before.sessions);
    return done;
  }

  /** Everything that was said and typed so far has come as it is, and goes on. */
  async runsOn(): Promise<void> {
    const { flood, view, echoed, echo } = this.#requireParts();
    const bytes = Buffer.from(
      Array.from({ length: TYPED_BYTES }, (_, index) => ((this.#typed + index) * 31) & 255),
    );
    const from = 'ready'.length + this.#typed;
    this.#typed += bytes.length;
    await echo.write(bytes);
    await echoed.output.untilLength(from + bytes.length);
    expect(sha256(echoed.bytes.subarray(from, from + bytes.length))).toBe(sha256(bytes));
    const { offset } = flood;
    await eventually('the flood goes on', () => flood.offset > offset + FLOOD_BYTES);
    expect(flood.faults).toEqual([]);
    expect(echoed.gaps).toEqual([]);
    expect(view.leading).toEqual([]);
    expect(this.#states).toEqual([]);
    expect(this.#isWaitOver).toBe(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts?.flood[Symbol.dispose]();
    this.#client.close();
    await this.#pointed[Symbol.asyncDispose]();
    await Promise.allSettled(this.#waits);
  }

  async #moveIn(): Promise<void> {
    const { daemon } = this;
    const client = this.#client;
    client.onStateChange = (state) => this.#states.push(state);
    const gate = daemon.home.gate();
    const flood = await Flood.follow(client, await daemon.open('flood.py', [gate.path]));
    await gate.open();
    const echoSession = await daemon.open('raw-echo.py', [ECHO_BYTES]);
    const echoed = await Recording.begin(client, echoSession.id);
    await echoed.waitFor('ready');
    const echo = await client.openInput(echoSession.id);
    const quiet = await daemon.openCommand(['/bin/cat'], { name: 'quiet' });
    const viewport = { cols: 101, rows: 33 };
    const view = await Recording.begin(client, quiet.id, { mode: 'viewer', viewport });
    await eventually('its size', async () => (await daemon.get(quiet)).cols === viewport.cols);
    view.leading.length = 0;
    const waiting = client.request('wait', { session: quiet.id }, { timeoutMs: null }).finally(() => {
      this.#isWaitOver = true;
    });
    waiting.catch(() => undefined);
    this.#waits.push(waiting);
    const ended = await daemon.openCommand(['/bin/sh', '-c', 'echo over; exit 5'], { name: 'ended' });
    await client.request('wait', { session: ended.id });
    this.#parts = { flood, view, echoed, echo };
    await this.runsOn();
  }

  /** Resolves with the code and the reason, or `none`. */
  async #try(trial: Trial, pid: number): Promise<string> {
    const { at } = this.#pointed;
    const { limit } = trial;
    at({ ...trial.points, ...(limit === undefined ? {} : { 'predecessor.snapshot': 'stop' }) });
    const deadline =
      trial.readyMs === undefined
        ? {}
        : { deadline: String(process.hrtime.bigint() + BigInt(trial.readyMs) * 1_000_000n) };
    const target = { ...this.#target, ...deadline, ...trial.target };
    const asked = this.#client.request('upgrade', target, { timeoutMs: 60_000 }).then(
      () => 'none',
      ({ code, message }: HoldfastError) => `${code}: ${message}`,
    );
    if (limit === undefined) return asked.finally(() => at({}));
    await eventually('the daemon stands still', () => processState(pid) === 'T');
    const limited = limits(pid, limit);
    process.kill(pid, 'SIGCONT');
    const failure = await asked;
    limited.lift();
    at({});
    return failure;
  }

  async #upgradeWell(from: number): Promise<Upgraded> {
    const done = await this.#client.request('upgrade', this.#target, { timeoutMs: 60_000 });
    expect(done).toMatchObject({ from: { pid: from }, clients: { dropped: 0 } });
    return done;
  }

  get #target(): Target {
    const same = sameBuild(this.daemon);
    return { ...same, entry: this.#entry ?? same.entry };
  }

  /** What clients see, less what goes on all the time. */
  async #state(): Promise<{ daemon: RequestResult<'status'>['daemon']; sessions: Partial<Session>[] }> {
    const { daemon } = await this.#client.request('status', {});
    const { sessions } = await this.#client.request('list', {});
    return {
      daemon,
      // Without descriptors nobody can look what runs in the foreground.
      sessions: sessions.map((session) => ({ ...session, offset: 0, historyStart: 0, foreground: null })),
    };
  }

  async #fdCount(pid: number): Promise<number> {
    await startScreens(this.#client, 'quiet');
    return settledFdCount(pid);
  }

  #requireParts() {
    if (!this.#parts) throw new Error('nobody lives here yet');
    return this.#parts;
  }
}

/** Sets limits of a process, as `prlimit` names them: `--nofile=10:`. */
function limits(pid: number, limit: string): { lift(): void } {
  const [name = ''] = limit.split('=');
  const set = (value: string) => execFileSync('prlimit', ['--pid', String(pid), value]);
  const shown = execFileSync('prlimit', [
    '--pid',
    String(pid),
    name,
    '--raw',
    '--noheadings',
    '--output',
    'SOFT',
  ]);
  set(limit);
  return { lift: () => void set(`${name}=${String(shown).trim()}:`) };
}

/** Checks an endless flood by its offsets, without keeping it, at some megabytes a second. */
class Flood implements Disposable {
  /** Everything before it has come, and was right. */
  offset = 0;
  readonly faults: string[] = [];
  #subscription: Subscription | undefined;
  readonly #timer = setInterval(() => this.#subscription?.acknowledge(this.offset), ACKNOWLEDGE_EVERY_MS);

  static async follow(client: Client, { id }: Session): Promise<Flood> {
    const flood = new Flood();
    flood.#subscription = await client.subscribe(id, {
      from: 'start',
      mode: 'exact',
      leaseMs: 60_000,
      onData: (bytes, offset) => flood.#add(bytes, offset),
      onGap: ({ from, to }) => flood.faults.push(`a gap from ${from} to ${to}`),
    });
    return flood;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #add(bytes: Uint8Array, offset: number): void {
    if (offset !== this.offset) this.faults.push(`bytes at ${offset}, not ${this.offset}`);
    const difference = firstDifference(bytes, offset);
    if (difference !== -1) this.faults.push(`a wrong byte at ${offset + difference}`);
    this.offset = offset + bytes.length;
  }
}
