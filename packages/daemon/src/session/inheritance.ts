import type { Exit } from '@holdfast/protocol';

/** The master of a session, and its program, as somebody kept them while no daemon lived. */
export interface InheritedMaster {
  /** Ours to close. */
  readonly fd: number;
  /** undefined if whoever kept it was not told. */
  readonly pid: number | undefined;
}

/** What outlived the daemon before this one beside the files. */
export interface Inheritance {
  /** Whether the daemon before this one has ended only now: what it knew of processes is still true. */
  readonly isRecent: boolean;
  /** By the id of the session. */
  readonly masters: ReadonlyMap<string, InheritedMaster>;
  /** How programs have ended, by pid. */
  readonly exits: ReadonlyMap<number, Exit>;
}

/** Nobody kept anything: the programs ended with their daemon. */
export const NOTHING_INHERITED: Inheritance = {
  isRecent: false,
  masters: new Map(),
  exits: new Map(),
};
