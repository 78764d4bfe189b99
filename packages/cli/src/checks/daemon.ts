import { Client, netConnector } from '@holdfast/client';
import { BUILD, HoldfastError } from '@holdfast/protocol';
import { type Home, isHomeInUse } from '@holdfast/supervisor';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { type Check, fail, ok, warn } from './finding.ts';

export const daemonAnswers: Check = {
  name: 'daemon',
  async run({ home }) {
    let client: Client;
    try {
      client = await Client.connect({
        connector: netConnector(home.socketPath),
        name: 'holdfast doctor',
        reconnect: false,
      });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      if (error.code !== 'E_NO_DAEMON') return fail(error.message, 'see holdfast logs');
      if (!isHomeInUse(home)) return ok('none is running');
      return fail(`one owns ${home.lockPath}, but does not answer: ${error.message}`, wayOut(home));
    }
    const { pid, version, build } = client.daemon;
    client.close();
    const detail = `process ${pid} answers, version ${version}+${build}`;
    return build === BUILD
      ? ok(detail)
      : warn(
          `${detail}; this command is ${BUILD}`,
          'holdfast upgrade brings it to this build, and keeps the sessions',
        );
  },
};

/** A daemon that hangs is killed by nobody but the user; with a keeper that costs no session. */
function wayOut(home: Home): string {
  const daemonPid = keeperReport(home)?.daemonPid;
  if (typeof daemonPid !== 'number') return 'see holdfast logs; does the socket still exist?';
  return `see holdfast logs; if it stays so, kill -9 ${daemonPid} has its keeper start it again, with its sessions`;
}
