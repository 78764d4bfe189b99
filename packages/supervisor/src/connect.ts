import { existsSync } from 'node:fs';
import { Client, type Connector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { checkHome, type Home } from './home.ts';
import { refuseIfHeld } from './keeper-report.ts';
import { pause } from './pause.ts';

/** A daemon that owns the home but does not accept yet, is starting: that takes a fraction of this. */
const START_PATIENCE_MS = 5_000;
const RETRY_MS = 50;
/** Without a hello for so long it is looked whether there can be one; and then again and again. */
const HELLO_PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 250;

export interface ConnectOptions {
  readonly connector: Connector;
  /** What this program is, for the daemon's log. */
  readonly name: string;
  /** Whether a lost connection is made again; by default it is not. */
  readonly reconnect?: boolean;
  /** How long the daemon may take to say hello, in ms; by default 5,000. */
  readonly helloTimeoutMs?: number;
}

/**
 * Connects to the daemon of this home; undefined if none runs. Throws E_NO_DAEMON if the home can't be used, E_TIMEOUT if a
 * daemon has it and does not answer, E_HELD if its keeper starts none, E_VERSION without a protocol in common.
 */
export async function connectIfRunning(home: Home, options: ConnectOptions): Promise<Client | undefined> {
  checkHome(home);
  // Not performance.now(), which has Node load perf_hooks.
  const nowMs = () => process.uptime() * 1_000;
  const deadline = nowMs() + Math.min(START_PATIENCE_MS, options.helloTimeoutMs ?? START_PATIENCE_MS);
  for (;;) {
    try {
      return await connect(home, options);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'E_NO_DAEMON') throw error;
      if (!(await isHomeTaken(home))) return undefined;
      if (nowMs() > deadline) throw error;
    }
    await pause(options.connector, RETRY_MS);
  }
}

/** Connects to a daemon that is there. Throws as `connectIfRunning` does. */
export function connect(home: Home, options: ConnectOptions): Promise<Client> {
  const { connector, name, reconnect = false, helloTimeoutMs } = options;
  refuseIfHeld(home);
  return new Promise((resolve, reject) => {
    let isRefused = false;
    // The keeper listens for a daemon that is dead: a connect succeeds, and nobody says hello.
    const look = () => {
      try {
        refuseIfHeld(home);
        timer = connector.after(LOOK_AGAIN_MS, look);
      } catch (error) {
        isRefused = true;
        reject(error);
      }
    };
    let timer = connector.after(HELLO_PATIENCE_MS, look);
    Client.connect({
      connector,
      name,
      reconnect,
      ...(helloTimeoutMs === undefined ? {} : { helloTimeoutMs }),
    })
      .then((client) => (isRefused ? client.close() : resolve(client)), reject)
      .finally(() => timer.cancel());
  });
}

/** Whether a daemon owns the home. Asked only if nothing listens, since it loads libc. */
async function isHomeTaken(home: Home): Promise<boolean> {
  if (!existsSync(home.lockPath)) return false;
  const { isHomeInUse } = await import('./home-lock.ts');
  return isHomeInUse(home);
}
