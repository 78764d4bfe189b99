import type { Connector } from '@holdfast/client';
import type { OpenParameters, Session } from '@holdfast/protocol';
import type { UpgradeOutcome } from '@holdfast/supervisor';

/** What a machine has announced of a session. */
export type AnnouncedSession = Pick<
  Session,
  'id' | 'name' | 'pid' | 'command' | 'cwd' | 'cols' | 'rows' | 'state' | 'exit' | 'createdAt'
>;

/** A machine that is in the fleet now. */
export interface FoundMachine {
  readonly name: string;
  readonly lease: {
    /** Of the process that serves there. */
    readonly instance: string;
    readonly machine: string;
    readonly home: string;
    readonly version: string;
    readonly build: string;
    readonly since: string;
  };
  readonly sessions: readonly AnnouncedSession[];
  /** So many more there are. */
  readonly omitted: number;
}

/** With what a program starts there. */
export type MachineSurroundings = Pick<OpenParameters, 'umask'> & {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly openFilesLimit?: number | undefined;
};

/**
 * The way to the machines of a fleet, which whoever starts the host has: the host itself knows nothing of what is in between. What is
 * thrown may be of another bundle.
 */
export interface FleetDoor {
  /** What this machine is called there. */
  readonly ownName: string;
  /** Those that are there now. */
  hosts(): Promise<readonly FoundMachine[]>;
  /** To a machine's daemon. */
  connectorTo(machine: string): Connector;
  /** What its supervisor says of its daemon, and whether who asks may do more there than look. Throws E_FORBIDDEN for who may not even look. */
  status(machine: string): Promise<{ readonly mayOperate: boolean; readonly status: unknown }>;
  surroundings(machine: string): Promise<MachineSurroundings>;
  /** Never throws: that a machine can't be asked is an outcome, too. */
  upgrade(machine: string): Promise<UpgradeOutcome>;
}
