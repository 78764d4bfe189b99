import { HoldfastError } from '@holdfast/protocol';
import { upgradeInTurn } from '@holdfast/supervisor';
import type { FleetDoor } from './fleet-door.ts';
import type { UpgradeRun } from './machine-view.ts';

/** What came of upgrades is nobody's news after that. */
const KEPT_MS = 3_600_000;

/** What of a machine tells that it is not as it was. */
export interface SeenMachine {
  /** Of the process that serves there; empty: not known. */
  readonly instance: string;
  /** Build of the daemon; null: not known, or not since it was upgraded. */
  readonly running: string | null;
}

type Step = UpgradeRun['machines'][number];

const DONE: ReadonlySet<Step['state']> = new Set(['upgraded', 'failed', 'left']);

/** Upgrades of machines, one run at a time: whoever looks sees how far it is, also who came later. */
export class UpgradeRuns {
  readonly #upgrade: FleetDoor['upgrade'];
  readonly #onDone: (machine: string) => void;
  readonly #listeners = new Set<(run: UpgradeRun | null) => void>();
  /** The one under way, or what still is so of the last one. */
  #run: UpgradeRun | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** What served on each machine when it was seen last. */
  readonly #instances = new Map<string, string>();
  /** Those of the run that are done, as they were then, or were seen first since. */
  readonly #asLeft = new Map<string, SeenMachine>();

  constructor(door: Pick<FleetDoor, 'upgrade'>, onDone: (machine: string) => void = () => {}) {
    this.#upgrade = (machine) => door.upgrade(machine);
    this.#onDone = onDone;
  }

  /** Tells of the run that there is, and then of each step; null: there is none. Returns what ends that. */
  listen(listener: (run: UpgradeRun | null) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#run ?? null);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all are upgraded, or one has failed. Rejects with E_UPGRADE_BUSY while another run is under way. */
  async upgrade(machines: readonly string[]): Promise<UpgradeRun> {
    if (this.#run && !this.#run.isOver)
      throw new HoldfastError('E_UPGRADE_BUSY', 'machines are being upgraded already');
    this.#forget();
    this.#show({
      isOver: false,
      machines: machines.map((name) => ({ name, state: 'waiting', result: null })),
    });
    const { left } = await upgradeInTurn(machines, {
      upgrade: this.#upgrade,
      onBegin: (name) => this.#step({ name, state: 'upgrading', result: null }),
      onOutcome: (name, outcome) => {
        this.#step({ name, state: outcome.ok ? 'upgraded' : 'failed', result: outcome });
        this.#onDone(name);
      },
    });
    for (const name of left) this.#step({ name, state: 'left', result: null });
    this.#expiry = setTimeout(() => this.dismiss(), KEPT_MS).unref();
    return this.#show({ isOver: true, machines: this.#steps });
  }

  /** A machine that is another one since: what came of its upgrade is not so any more. */
  saw(name: string, seen: SeenMachine): void {
    if (seen.instance !== '') this.#instances.set(name, seen.instance);
    const asLeft = this.#asLeft.get(name);
    if (!asLeft || !this.#run?.isOver) return;
    if (differs(asLeft, seen)) return this.#drop(name);
    this.#asLeft.set(name, {
      instance: asLeft.instance || seen.instance,
      running: asLeft.running ?? seen.running,
    });
  }

  /** What came of the last run is told no more. */
  dismiss(): void {
    if (!this.#run?.isOver) return;
    this.#forget();
    this.#tell();
  }

  close(): void {
    clearTimeout(this.#expiry);
    this.#listeners.clear();
  }

  get #steps(): Step[] {
    return this.#run?.machines ?? [];
  }

  #step(step: Step): void {
    const { name, state } = step;
    if (DONE.has(state)) this.#asLeft.set(name, { instance: this.#instances.get(name) ?? '', running: null });
    this.#show({ isOver: false, machines: this.#steps.map((one) => (one.name === name ? step : one)) });
  }

  /** Which were left matters as long as the one does that has failed. */
  #drop(name: string): void {
    const others = this.#steps.filter((step) => step.name !== name);
    const hasFailed = others.some(({ state }) => state === 'failed');
    const machines = others.filter(({ state }) => hasFailed || state !== 'left');
    if (machines.length === 0 || !this.#run) return this.dismiss();
    this.#asLeft.delete(name);
    this.#run = { ...this.#run, machines };
    this.#tell();
  }

  #forget(): void {
    clearTimeout(this.#expiry);
    this.#run = undefined;
    this.#asLeft.clear();
  }

  #show(run: Omit<UpgradeRun, 'at'>): UpgradeRun {
    const shown = { ...run, at: new Date().toISOString() };
    this.#run = shown;
    this.#tell();
    return shown;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#run ?? null);
  }
}

/** As far as is known of both. */
function differs(before: SeenMachine, now: SeenMachine): boolean {
  if (before.instance !== '' && now.instance !== '' && before.instance !== now.instance) return true;
  return before.running !== null && now.running !== null && before.running !== now.running;
}
