import { Client, netConnector } from '@holdfast/client';
import { BUILD, HoldfastError } from '@holdfast/protocol';
import { isHomeInUse } from '@holdfast/supervisor';
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
      return fail(
        `one owns ${home.lockPath}, but does not answer: ${error.message}`,
        'see holdfast logs; does the socket still exist?',
      );
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
