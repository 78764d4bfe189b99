/** The programs that a supervisor starts, and what they are. */
export interface Installation {
  /** Absolute path of the file that runs the daemon. */
  readonly daemonEntry: string;
  /** Absolute path of the file that runs its keeper; null: it has none, and programs end with a daemon that is killed. */
  readonly keeperEntry: string | null;
  /** Absolute path of the Node that runs both; by default the one that runs this. */
  readonly node?: string;
  /**
   * Version and build of the daemon in that file; by default those that this library was bundled as. null: not known, so that
   * no update is ever pending and none is done by itself.
   */
  readonly build?: { readonly version: string; readonly build: string } | null;
}
