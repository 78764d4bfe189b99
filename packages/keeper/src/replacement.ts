import {
  close,
  type ExitStatus,
  replaceProcess,
  sendSignal,
  signalNumber,
  spawnOwnKind,
  type Reactor,
  type Timer,
} from '@holdfast/posix';
import type { DaemonStart } from '@holdfast/protocol/keeper';
import { describe } from './daemons.ts';
import { descriptorsOf, type Legacy, writeLegacy } from './legacy.ts';
import { writeLog } from './log.ts';
import { commandOf, homeArguments, type KeeperOptions } from './options.ts';

/** A keeper that needs longer to read what it is left hangs. Loading takes 0.1 to 0.3 s, on a busy machine seconds. */
const TRIAL_MS = 10_000;
const STDERR = 2;
/** Where the trial finds what it would be left. */
const TRIAL_FD = 3;

export interface ReplacementSurroundings {
  readonly options: KeeperOptions;
  readonly reactor: Reactor;
  /** What is left to a new keeper that is to answer this client. */
  readonly legacy: (client: number) => Legacy;
  /** Nothing has come of it. */
  readonly refuse: (client: number, why: string) => void;
}

interface Trial {
  readonly pid: number;
  readonly keeper: DaemonStart;
  readonly client: number;
  readonly timer: Timer;
}

/** How another keeper takes the place of this one: it is tried beside it first, and then this process becomes it. */
export class Replacement {
  readonly #surroundings: ReplacementSurroundings;
  #trial: Trial | undefined;

  constructor(surroundings: ReplacementSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Starts the trial. */
  begin(keeper: DaemonStart, client: number): void {
    const { reactor, refuse } = this.#surroundings;
    if (this.#trial) return refuse(client, 'the keeper is being replaced already');
    try {
      const pid = this.#try(keeper, client);
      const timer = reactor.after(TRIAL_MS, () => sendSignal(pid, signalNumber('SIGKILL') ?? 9));
      this.#trial = { pid, keeper, client, timer };
    } catch (error) {
      refuse(client, `${keeper.node} could not be started: ${String(error)}`);
    }
  }

  /** A child has ended. If it was the trial, and that went well, this does not return. */
  ended(pid: number, status: ExitStatus): void {
    const trial = this.#trial;
    if (trial?.pid !== pid) return;
    trial.timer.cancel();
    this.#trial = undefined;
    const { refuse } = this.#surroundings;
    if (!('code' in status) || status.code !== 0) {
      return refuse(trial.client, `it could not start (${describe(status)}); keeper.log has more`);
    }
    try {
      this.#become(trial);
    } catch (error) {
      refuse(trial.client, `${trial.keeper.node} could not be started: ${String(error)}`);
    }
  }

  #try(keeper: DaemonStart, client: number): number {
    const legacy = this.#surroundings.legacy(client);
    const file = writeLegacy(legacy);
    try {
      const argv = this.#command(keeper, legacy, ['--legacy-fd', String(TRIAL_FD), '--trial']);
      return spawnOwnKind(argv, { stderr: STDERR, descriptors: [file] });
    } finally {
      close(file);
    }
  }

  #become({ keeper, client }: Trial): void {
    const legacy = this.#surroundings.legacy(client);
    const file = writeLegacy(legacy);
    try {
      const argv = this.#command(keeper, legacy, ['--legacy-fd', String(file)]);
      writeLog();
      replaceProcess({ file: keeper.node, argv, env: process.env }, [...descriptorsOf(legacy), file]);
    } finally {
      close(file);
    }
  }

  #command(keeper: DaemonStart, { standing }: Legacy, more: readonly string[]): [string, ...string[]] {
    return [
      ...commandOf(keeper),
      ...homeArguments(this.#surroundings.options),
      ...more,
      '--',
      ...commandOf(standing.start),
    ];
  }
}
