import { Client, netConnector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { type Home, isHomeInUse } from '@holdfast/supervisor';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { judgeBuild } from './build.ts';
import { type Check, fail, ok } from './finding.ts';

const NO_SESSION = 'no session can be opened or reached';

export const daemonAnswers: Check = {
  name: 'daemon',
  async run({ env, home }) {
    let client: Client;
    try {
      client = await Client.connect({
        connector: netConnector(home.socketPath),
        name: 'holdfast doctor',
        reconnect: false,
      });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      if (error.code !== 'E_NO_DAEMON')
        return fail(error.message, { why: NO_SESSION, hint: 'see holdfast logs' });
      if (!isHomeInUse(home)) return ok('none is running');
      return fail(`one owns ${home.lockPath}, but does not answer: ${error.message}`, {
        why: NO_SESSION,
        hint: wayOut(home),
      });
    }
    const { pid, version, build, node } = client.daemon;
    client.close();
    const who = `process ${pid} answers, version ${version}+${build}, Node ${node}`;
    return judgeBuild(who, { running: { version, build }, home, env });
  },
};

/** A daemon that hangs is killed by nobody but the user; with a keeper that costs no session. */
function wayOut(home: Home): string {
  const daemonPid = keeperReport(home)?.daemonPid;
  if (typeof daemonPid !== 'number') return 'see holdfast logs; does the socket still exist?';
  return `see holdfast logs; if it stays so, kill -9 ${daemonPid} has its keeper start it again, with its sessions`;
}
