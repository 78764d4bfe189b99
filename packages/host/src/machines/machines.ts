import { HoldfastError, ownError } from '@holdfast/protocol';
import { Pool, type Use } from '../daemons/pool.ts';
import type { FleetDoor, MachineSurroundings } from './fleet-door.ts';
import { MachineLink } from './machine-link.ts';
import { MachineWatch } from './machine-watch.ts';
import { UpgradeRuns } from './upgrade-runs.ts';

/** Machines whose daemons are talked to at once: each is a tunnel. */
const LINKS_MAX = 256;
/** A page that is loaded again finds the connection. */
const LINGER_MS = 30_000;

/** The machines of the fleet that this host belongs to. */
export class Machines {
  /** Which there are. */
  readonly watch: MachineWatch;
  /** What is being upgraded. */
  readonly upgrades: UpgradeRuns;
  readonly #door: FleetDoor;
  readonly #links: Pool<MachineLink>;

  constructor(door: FleetDoor) {
    this.#door = door;
    const upgrades = new UpgradeRuns(door, (machine) => this.watch.askAgain(machine));
    this.upgrades = upgrades;
    this.watch = new MachineWatch(door, (name, seen) => upgrades.saw(name, seen));
    this.#links = new Pool((machine) => new MachineLink(door, machine), { lingerMs: LINGER_MS });
  }

  /** The connection to a machine's daemon, for all who use it. Throws HoldfastError: E_LIMIT. */
  use(machine: string): Use<MachineLink> {
    const links = this.#links;
    if (!links.has(machine) && links.count() >= LINKS_MAX && !links.closeIdle())
      throw new HoldfastError('E_LIMIT', `a host talks to at most ${LINKS_MAX} machines at once`);
    return links.use(machine);
  }

  /** With what a program starts there. */
  async surroundings(machine: string): Promise<MachineSurroundings> {
    try {
      return await this.#door.surroundings(machine);
    } catch (error) {
      throw ownError(error);
    }
  }

  close(): void {
    this.watch.close();
    this.upgrades.close();
    this.#links.close();
  }
}
