import type { Home } from '@holdfast/supervisor/home';

/** What the host asks of the supervisor. */
export interface Supervision {
  /** Makes sure that a daemon accepts in this home. Rejects with E_DAEMON_START. */
  ensure(home: Home): Promise<void>;
}

export interface SupervisionOptions {
  readonly daemonEntry: string;
  readonly keeperEntry: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The supervisor is loaded when it is needed: it brings libc. */
export function supervision({ daemonEntry, keeperEntry, env }: SupervisionOptions): Supervision {
  return {
    async ensure(home) {
      const { ensureDaemon } = await import('@holdfast/supervisor');
      await ensureDaemon({ home, daemonEntry, keeperEntry, env });
    },
  };
}
