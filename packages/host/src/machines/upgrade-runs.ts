import { HoldfastError } from '@holdfast/protocol';
import { upgradeInTurn } from '@holdfast/supervisor';
import type { FleetDoor } from './fleet-door.ts';
import type { UpgradeRun } from './machine-view.ts';

type Step = UpgradeRun['machines'][number];

/** Upgrades of machines, one run at a time: whoever looks sees how far it is, also who came later. */
export class UpgradeRuns {
  readonly #upgrade: FleetDoor['upgrade'];
  readonly #onDone: (machine: string) => void;
  readonly #listeners = new Set<(run: UpgradeRun) => void>();
  /** The one under way, or the last one. */
  #run: UpgradeRun | undefined;

  constructor(door: Pick<FleetDoor, 'upgrade'>, onDone: (machine: string) => void = () => {}) {
    this.#upgrade = (machine) => door.upgrade(machine);
    this.#onDone = onDone;
  }

  /** Tells of the run that there is, and then of each step; returns what ends that. */
  listen(listener: (run: UpgradeRun) => void): () => void {
    this.#listeners.add(listener);
    if (this.#run) listener(this.#run);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all are upgraded, or one has failed. Rejects with E_UPGRADE_BUSY while another run is under way. */
  async upgrade(machines: readonly string[]): Promise<UpgradeRun> {
    if (this.#run && !this.#run.isOver)
      throw new HoldfastError('E_UPGRADE_BUSY', 'machines are being upgraded already');
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
    return this.#show({ ...this.#present, isOver: true });
  }

  get #present(): UpgradeRun {
    return this.#run ?? { isOver: true, machines: [] };
  }

  #step(step: Step): void {
    const machines = this.#present.machines.map((one) => (one.name === step.name ? step : one));
    this.#show({ ...this.#present, machines });
  }

  #show(run: UpgradeRun): UpgradeRun {
    this.#run = run;
    for (const listener of this.#listeners) listener(run);
    return run;
  }
}
