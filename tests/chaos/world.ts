import type { Client } from '@holdfast/client';
import { HoldfastError, type ErrorCode, type Session } from '@holdfast/protocol';
import { eventually, type SmallDisk, type TestDaemon } from '@holdfast/testkit';
import { readFileSync } from 'node:fs';
import type { TestHost } from '../e2e/support/test-host.ts';
import type { Points } from '../e2e/support/upgrades.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

/** For what must come back by itself, while the machine is busy. */
const PATIENCE_MS = 30_000;

/** What everybody who takes part in a run of chaos shares. */
export class World {
  readonly daemon: TestDaemon;
  readonly host: TestHost;
  readonly tally: Tally;
  readonly random: Random;
  /** Undefined where no file system can be mounted. */
  readonly disk: SmallDisk | undefined;
  /** What happens at the points of a hand-over from now on. */
  readonly at: (points: Points) => void;
  /** Sessions that are to live as long as the run. */
  readonly residents: Session[] = [];
  /** Errors that are right as long as something lasts: no room on a full disk. */
  #names = 0;
  readonly #excused = new Set<ErrorCode>();

  constructor(parts: Pick<World, 'daemon' | 'host' | 'tally' | 'random' | 'disk' | 'at'>) {
    this.daemon = parts.daemon;
    this.host = parts.host;
    this.tally = parts.tally;
    this.random = parts.random;
    this.disk = parts.disk;
    this.at = parts.at;
  }

  /** For a session that is looked for by its name. */
  newName(kind: string): string {
    this.#names += 1;
    return `${kind}-${this.#names}`;
  }

  client(): Promise<Client> {
    return this.daemon.client();
  }

  /** These errors are no fault while `during` goes on. */
  async excuse(codes: readonly ErrorCode[], during: () => Promise<void>): Promise<void> {
    for (const code of codes) this.#excused.add(code);
    try {
      await during();
    } finally {
      this.#excused.clear();
    }
  }

  /** Whether a request may fail so: it was on a connection that has ended, or cannot be done now. */
  isExcused(error: unknown, excusedBefore: ReadonlySet<ErrorCode>): boolean {
    if (!(error instanceof HoldfastError)) return false;
    return error.code === 'E_DISCONNECTED' || excusedBefore.has(error.code) || this.#excused.has(error.code);
  }

  /** For a request that begins now. */
  get excused(): ReadonlySet<ErrorCode> {
    return new Set(this.#excused);
  }

  /** Resolves when a daemon answers that is the child of the only keeper. */
  async settled(): Promise<void> {
    const { home } = this.daemon;
    await eventually(
      'one keeper, and a daemon that is its child',
      () => {
        const { daemonPids, keeperPids } = home;
        const [daemon = -1] = daemonPids;
        const [keeper = -2] = keeperPids;
        return daemonPids.length === 1 && keeperPids.length === 1 && parentOf(daemon) === keeper;
      },
      PATIENCE_MS,
    );
    await (await this.client()).request('status', {}, { timeoutMs: PATIENCE_MS });
  }

  /** All who live here are alive, and are what they were. */
  async checkResidents(): Promise<void> {
    const { sessions } = await (await this.client()).request('list', {}, { timeoutMs: PATIENCE_MS });
    for (const { id, pid } of this.residents) {
      const now = sessions.find((session) => session.id === id);
      if (now?.pid !== pid || now.state !== 'running')
        this.tally.loss('sessions lost', `${id} (${pid}) is ${JSON.stringify(now ?? null)}`);
    }
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  } catch {
    return Number.NaN; // it has just ended
  }
}
