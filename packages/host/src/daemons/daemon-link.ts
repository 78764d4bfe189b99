import { Client, netConnector } from '@holdfast/client';
import { VERSION } from '@holdfast/protocol';
import { checkHome, type Home } from '@holdfast/supervisor/home';
import { refuseIfHeld } from '@holdfast/supervisor/keeper-report';
import { SharedClient } from './shared-client.ts';

/** A daemon that crashed is back within a second, one that was replaced was never away: beyond this nobody waits. */
const GIVE_UP_AFTER_MS = 5_000;
/** For a hello. The keeper listens for a daemon that is dead, so a connect alone says nothing. */
const HELLO_MS = 3_000;

/**
 * The connection to a daemon of this machine. It rejects within seconds: E_NO_DAEMON if none answers, E_HELD if the keeper starts
 * none. `limitedTo`: a session's id; the daemon lets this connection see that one, and do nothing.
 */
export class DaemonLink extends SharedClient {
  constructor(home: Home, limitedTo?: string) {
    super(async () => {
      checkHome(home);
      refuseIfHeld(home);
      return await Client.connect({
        connector: netConnector(home.socketPath),
        name: 'holdfast-host',
        version: VERSION,
        reconnect: { giveUpAfterMs: GIVE_UP_AFTER_MS },
        helloTimeoutMs: HELLO_MS,
        ...(limitedTo === undefined ? {} : { limitedTo }),
      });
    });
  }
}
