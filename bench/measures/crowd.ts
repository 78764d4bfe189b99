import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Client } from '@holdfast/client';
import { resolveHome } from '@holdfast/supervisor';
import { Holdfast } from '../holdfast.ts';
import type { Bench, Measure } from '../measure.ts';
import { Scope } from '../scope.ts';
import { median, quantile } from '../statistics.ts';
import { otherThreadsCpuMs } from '../thread-cpu.ts';

const SIZE = { cols: 200, rows: 50 };
const VIEWERS = 50;
const KEYS = 100;
const PAUSE_MS = 4;
const SETTLE_MS = 3_000;
const WATCHED_MS = 5_000;
const FLOOD = ['yes', '0123456789abcdef0123456789abcdef'];
/** Fills the screen and the lines above. */
const STILL = ['sh', '-c', 'seq -f "%0180.0f" 2000; exec sleep 1000000'];
const GOAL_ECHO_MS = 50;
const GOAL_ANSWER_MS = 10;
const GOAL_SHARE_PERCENT = 5;
const GOAL_TURN_MS = 10;

/** What screens of a session that floods cost those who do something else. */
export const crowd: Measure = {
  name: 'crowd',
  title: `what ${VIEWERS} viewers at once cost others, and a flood that nobody looks at`,
  async run(bench) {
    const { options, reactor, scope, folder, progress } = bench;
    const holdfast = scope.own(
      new Holdfast({ program: options.holdfast, home: path.join(folder, 'home'), reactor }),
    );
    const pid = holdfast.startDaemon();
    const client = await holdfast.connect();
    scope.defer(() => client.close());
    const { socketPath } = resolveHome(holdfast.env);
    const pause = () => after(reactor, PAUSE_MS);
    const typist = await Typist.open(client, holdfast.env);
    const still = await open(client, holdfast.env, STILL);
    const echo = { alone: [] as number[], beside: [] as number[] };
    const answer = { alone: [] as number[], beside: [] as number[] };
    const atOnce = () => true;
    await after(reactor, SETTLE_MS);
    for (let round = 1; round <= options.rounds; round += 1) {
      progress(`crowd: a still session, round ${round} of ${options.rounds}`);
      answer.alone.push(...(await askAgainAndAgain(client, pause, atOnce)));
      await using viewers = await Viewers.connect({ socketPath, session: still, what: 'look' });
      viewers.begin();
      answer.beside.push(...(await askAgainAndAgain(client, pause, () => viewers.areShown)));
    }
    const flood = await open(client, holdfast.env, FLOOD);
    await after(reactor, SETTLE_MS);
    progress('crowd: a flood, nobody looks');
    const before = otherThreadsCpuMs(pid);
    await after(reactor, WATCHED_MS);
    const share = ((otherThreadsCpuMs(pid) - before) / WATCHED_MS) * 100;
    for (let round = 1; round <= options.rounds; round += 1) {
      progress(`crowd: a flood, round ${round} of ${options.rounds}`);
      echo.alone.push(...(await typeKeys(typist, pause, atOnce)));
      await using viewers = await Viewers.connect({ socketPath, session: flood, what: 'attach' });
      viewers.begin();
      echo.beside.push(...(await typeKeys(typist, pause, () => viewers.areShown)));
    }
    await client.request('kill', { session: flood });
    const turns = await longestTurns(bench);
    const row = (what: string, ms: readonly number[]) => ({
      what,
      'p50 ms': quantile(ms, 0.5).toFixed(2),
      'p99 ms': quantile(ms, 0.99).toFixed(2),
      'most ms': Math.max(...ms).toFixed(2),
    });
    return {
      rows: [
        row('echo beside the flood', echo.alone),
        row(`echo while ${VIEWERS} attach`, echo.beside),
        row('answer, nothing beside', answer.alone),
        row(`answer while ${VIEWERS} look at a screen`, answer.beside),
        row(`longest turn of a loop, ${VIEWERS} attach to a flood without screens`, turns.follow),
        row(`longest turn of a loop, ${VIEWERS} attach to it with screens`, turns.attach),
        {
          what: 'processor % of the threads beside the main one, nobody looks',
          'p50 ms': '–',
          'p99 ms': '–',
          'most ms': share.toFixed(1),
        },
      ],
      goals: [
        {
          text: `ms of echo while ${VIEWERS} attach to a flood, p99`,
          is: 'at most',
          limit: GOAL_ECHO_MS,
          value: quantile(echo.beside, 0.99),
        },
        {
          text: `ms of an answer while ${VIEWERS} look at a screen, p99`,
          is: 'at most',
          limit: GOAL_ANSWER_MS,
          value: quantile(answer.beside, 0.99),
        },
        {
          text: "ms by which screens lengthen the loop's longest turn, medians",
          is: 'at most',
          limit: GOAL_TURN_MS,
          value: median(turns.attach) - median(turns.follow),
        },
        {
          text: 'processor % of a flood that nobody looks at, beside the main thread',
          is: 'at most',
          limit: GOAL_SHARE_PERCENT,
          value: share,
        },
      ],
    };
  },
};

/** Of the loops of new daemons, each with one crowd: by the clock, so that other processes lengthen them as well, with screens and without. */
async function longestTurns(bench: Bench): Promise<{ follow: number[]; attach: number[] }> {
  const longest = { follow: [] as number[], attach: [] as number[] };
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const what of ['follow', 'attach'] as const) {
      bench.progress(`crowd: turns of the loop, ${what}, round ${round} of ${bench.options.rounds}`);
      longest[what].push(await longestTurn(what, bench));
    }
  }
  return longest;
}

async function longestTurn(
  what: 'attach' | 'follow',
  { options, reactor, scope: outer, folder }: Bench,
): Promise<number> {
  await using scope = new Scope(outer);
  const home = mkdtempSync(path.join(folder, 'turns-'));
  const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
  holdfast.startDaemon();
  const client = await holdfast.connect();
  scope.defer(() => client.close());
  const session = await open(client, holdfast.env, FLOOD);
  await after(reactor, SETTLE_MS);
  {
    const { socketPath } = resolveHome(holdfast.env);
    await using viewers = await Viewers.connect({ socketPath, session, what });
    viewers.begin();
    while (!viewers.areShown) await after(reactor, PAUSE_MS);
  }
  const { eventLoop } = await client.request('status', {});
  return eventLoop?.maxMs ?? Number.NaN;
}

type Pass = () => Promise<void>;

/** Types into a program that leaves the echo to its terminal, and sees it come. */
class Typist {
  readonly #type: (key: string) => void;
  #seen: (() => void) | undefined;

  private constructor(type: (key: string) => void) {
    this.#type = type;
  }

  static async open(client: Client, env: Holdfast['env']): Promise<Typist> {
    const session = await open(client, env, ['sh', '-c', 'stty -icanon; exec cat >/dev/null']);
    const input = await client.openInput(session);
    const typist: Typist = new Typist((key) => void input.write(Buffer.from(key)));
    await client.subscribe(session, {
      from: 'start',
      mode: 'viewer',
      onData: () => typist.#seen?.(),
    });
    return typist;
  }

  /** Milliseconds from the key to its echo. */
  async key(): Promise<number> {
    const beginMs = performance.now();
    const seen = new Promise<void>((resolve) => {
      this.#seen = resolve;
    });
    this.#type('a');
    await seen;
    return performance.now() - beginMs;
  }
}

/** A round of keys, and more until it is over. */
async function typeKeys(typist: Typist, pause: Pass, isOver: () => boolean): Promise<number[]> {
  const ms: number[] = [];
  while (ms.length < KEYS || !isOver()) {
    ms.push(await typist.key());
    await pause();
  }
  return ms;
}

/** The daemon's event loop does one thing at a time: what delays it delays an answer. */
async function askAgainAndAgain(client: Client, pause: Pass, isOver: () => boolean): Promise<number[]> {
  const ms: number[] = [];
  while (ms.length < KEYS || !isOver()) {
    const beginMs = performance.now();
    await client.request('status', {});
    ms.push(performance.now() - beginMs);
    await pause();
  }
  return ms;
}

interface Viewing {
  readonly socketPath: string;
  readonly session: string;
  readonly what: 'attach' | 'follow' | 'look';
}

/** A process with viewers that begin when they are told. */
class Viewers implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  #said = '';

  private constructor({ socketPath, session, what }: Viewing) {
    const root = path.resolve(import.meta.dirname, '..', '..');
    const program = [path.join(root, 'scripts', 'run-ts.mjs'), path.join(root, 'bench', 'crowd-viewers.ts')];
    this.#process = spawn(process.execPath, [...program, socketPath, session, String(VIEWERS), what], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#process, 'close');
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
  }

  static async connect(viewing: Viewing): Promise<Viewers> {
    const viewers = new Viewers(viewing);
    while (!viewers.#said.includes('ready')) {
      if (viewers.#process.exitCode !== null) throw new Error('the viewers could not connect');
      await once(viewers.#process.stdout, 'data');
    }
    return viewers;
  }

  begin(): void {
    this.#process.stdin.write('begin\n');
  }

  /** Or gone. */
  get areShown(): boolean {
    return this.#said.includes('shown') || this.#process.exitCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#ended;
    if (!this.#said.includes('shown')) throw new Error('not all viewers were shown a screen');
  }
}

function after(reactor: Bench['reactor'], ms: number): Promise<void> {
  return new Promise((resolve) => void reactor.after(ms, resolve));
}

async function open(client: Client, env: Holdfast['env'], command: readonly string[]): Promise<string> {
  const { session } = await client.request('open', { command: [...command], cwd: '/', env, ...SIZE });
  return session.id;
}
