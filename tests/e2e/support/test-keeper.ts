import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type DaemonStart, type KeeperReport, parseKeeperReport } from '@holdfast/protocol/keeper';
import { eventually, installation, isAlive, processesWith, program, untilEnded } from '@holdfast/testkit';

/** Something that a stand-in has done or heard. */
export interface Heard {
  /** The stand-in's pid. */
  readonly by: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

const [python = '', pythonArguments = '', standIn = ''] = program('stand-in-daemon.py');
export const STAND_IN: DaemonStart = { node: python, nodeArguments: [pythonArguments], entry: standIn };

/** A real keeper with stand-ins for daemons (tests/programs/stand-in-daemon.py), in a folder of its own. */
export class TestKeeper implements AsyncDisposable {
  readonly folder = fs.mkdtempSync('/tmp/hf-');
  readonly pid: number;
  /** What came on the ready descriptor, and on standard error. */
  readonly said = { ready: '', stderr: '' };
  /** Resolves when nobody has the ready descriptor any more. */
  readonly readyClosed: Promise<unknown>;
  #orders = 0;

  /** `args` = more arguments for the keeper. `folder` = a home that another keeper has. `start` = another daemon. */
  constructor(options: { args?: readonly string[]; folder?: string; start?: readonly string[] } = {}) {
    if (options.folder) this.folder = options.folder;
    const home = ['--runtime-dir', this.folder, '--state-dir', this.folder, '--ready-fd', '3'];
    const start = options.start ?? [STAND_IN.node, ...STAND_IN.nodeArguments, STAND_IN.entry];
    const keeper = spawn(
      process.execPath,
      [installation().keeperEntry, ...home, ...(options.args ?? []), '--', ...start],
      {
        cwd: '/',
        detached: true,
        env: { PATH: process.env['PATH'], HOLDFAST_HOME: this.folder },
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      },
    );
    this.pid = keeper.pid ?? -1;
    keeper.stderr?.on('data', (chunk: Buffer) => (this.said.stderr += chunk.toString()));
    this.readyClosed = new Promise((resolve) => keeper.stdio[3]?.on('close', resolve));
    keeper.stdio[3]?.on('data', (chunk: Buffer) => (this.said.ready += chunk.toString()));
  }

  /** A keeper whose first daemon obeys. */
  static async start(args: readonly string[] = [], folder?: string): Promise<TestKeeper> {
    const keeper = new TestKeeper({ args, ...(folder && { folder }) });
    await keeper.hears({ type: 'obeying' });
    await keeper.hears({ type: 'held', name: 'listener' });
    // It is written after everything has been said.
    await eventually('the report', () => fs.existsSync(path.join(keeper.folder, 'keeper.json')));
    return keeper;
  }

  /** Everything that was done or heard so far, oldest first. */
  heard(like: Partial<Heard> = {}): Heard[] {
    const file = path.join(this.folder, 'heard');
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    const all = text
      .split('\n')
      .slice(0, -1)
      .map((line): Heard => JSON.parse(line));
    return all.filter((one) => Object.entries(like).every(([key, value]) => same(one[key], value)));
  }

  /** Resolves with the first such thing, when it has happened `times` times with the last. */
  async hears(like: Partial<Heard>, times = 1): Promise<Heard> {
    return eventually(`${times} × ${JSON.stringify(like)}`, () => this.heard(like)[times - 1]);
  }

  /** The daemon that was started last and obeys. */
  get daemon(): number {
    return this.heard({ type: 'obeying' }).at(-1)?.by ?? -1;
  }

  /** Has a stand-in do something, by default the last one; resolves when it is done. */
  async order(order: { do: string; [field: string]: unknown }, daemon: number = this.daemon): Promise<void> {
    this.#orders += 1;
    const number = this.#orders;
    fs.appendFileSync(path.join(this.folder, String(daemon)), `${JSON.stringify({ ...order, number })}\n`);
    await this.hears({ by: daemon, type: 'obeyed', number });
  }

  /** Has a program started on a terminal and held as `session/ID`; resolves with its pid when the keeper has it. */
  async open(id: string, argv: readonly string[]): Promise<number> {
    const by = this.daemon;
    await this.order({ do: 'open', name: `session/${id}`, argv });
    await this.hears({ by, type: 'held', name: `session/${id}` });
    return Number((await this.hears({ by, type: 'opened', name: `session/${id}` }))['pid']);
  }

  /** Has a successor started by the predecessor; resolves with its pid when it obeys. */
  async succeed(): Promise<number> {
    const times = this.heard({ type: 'successor' }).length + 1;
    await this.order({ do: 'succeed' });
    await this.hears({ type: 'successor' }, times);
    const pid = Number(this.heard({ type: 'successor' }).at(-1)?.['pid']);
    await this.hears({ type: 'obeying', by: pid });
    return pid;
  }

  /** Kills the current daemon; resolves with the next one, when that obeys. */
  async kill(daemon: number = this.daemon): Promise<number> {
    const times = this.heard({ type: 'obeying' }).length + 1;
    process.kill(daemon, 'SIGKILL');
    await this.hears({ type: 'obeying' }, times);
    return this.daemon;
  }

  /** Whether daemons crash at their start from now on. */
  set crashes(doThey: boolean) {
    const file = path.join(this.folder, 'crash');
    if (doThey) fs.writeFileSync(file, '');
    else fs.rmSync(file);
  }

  get report(): KeeperReport {
    return parseKeeperReport(fs.readFileSync(path.join(this.folder, 'keeper.json'), 'utf8'));
  }

  /** The line with which the keeper answers on its socket. */
  request(request: object): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = net.connect(path.join(this.folder, 'keeper.sock'));
      socket.on('error', reject);
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The keeper first, or it would start what is ended.
    for (const pid of [this.pid, ...processesWith('HOLDFAST_HOME', this.folder)]) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await untilEnded(pid);
    }
    const left = processesWith('HOLDFAST_HOME', this.folder);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
