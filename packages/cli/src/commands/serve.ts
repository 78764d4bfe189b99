import { isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import type { Host } from '@holdfast/host';
import { parseCount } from '../arguments/numbers.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { hostEntry, pageFolder } from '../connection/daemon-entry.ts';
import { ownError } from '../connection/own-error.ts';
import { ownInstallation } from '../connection/own-installation.ts';
import { loginOpenFilesLimit } from '../connection/login-limits.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

const PORT = 7419;

export const serveCommand = defineCommand({
  name: 'serve',
  summary: 'give browsers a page and programs an API, until Ctrl-C',
  cannot: "can't serve",
  operands: {},
  options: {
    port: { kind: 'value', value: 'N', summary: `port to listen at; 0: any; default ${PORT}` },
    bind: { kind: 'value', value: 'ADDR', summary: 'address to listen at; default 127.0.0.1' },
    name: {
      kind: 'values',
      value: 'NAME',
      summary: 'a name that leads here, too; repeatable',
    },
    'tls-cert': { kind: 'value', value: 'FILE', summary: 'certificate, PEM' },
    'tls-key': { kind: 'value', value: 'FILE', summary: 'its key, PEM' },
    insecure: { kind: 'flag', summary: 'listen without TLS where other machines can reach it' },
    json: { kind: 'flag', summary: 'print one JSON object when it accepts' },
  },
  details: [
    'Prints a URL to open. Its end, by Ctrl-C, a crash or an update, ends no session. docs/api.md has the API,',
    'docs/security.md says who gets in.',
  ],
  async run({ options }, context) {
    const host = await start(options, context);
    const { url, token, port } = host;
    // Before anybody is told that it serves: whoever reads that may end it at once.
    const ended = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    if (options.json) context.print(jsonLine({ url, token, port, pid: process.pid }));
    else context.print(`Open ${url}#token=${token}\n`);
    await ended;
    await host.close();
    return EXIT.done;
  },
});

interface Choices {
  readonly port: string | undefined;
  readonly bind: string | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly name: readonly string[];
  readonly insecure: boolean;
}

async function start(choices: Choices, { env, home }: Context): Promise<Host> {
  const { bind = '127.0.0.1', insecure, 'tls-cert': cert, 'tls-key': key } = choices;
  if (isIP(bind) === 0 && bind !== 'localhost') throw usageError(`--bind must be an address, not "${bind}"`);
  if ((cert === undefined) !== (key === undefined))
    throw usageError('--tls-cert and --tls-key belong together');
  const { startHost }: typeof import('@holdfast/host') = await import(pathToFileURL(hostEntry()).href);
  const openFilesLimit = loginOpenFilesLimit();
  try {
    return await startHost({
      port: choices.port === undefined ? PORT : parseCount('--port', choices.port, { max: 65_535 }),
      bind,
      names: choices.name,
      insecure,
      ...(cert !== undefined && key !== undefined ? { tls: { cert, key } } : {}),
      env,
      programs: { umask: process.umask(), ...(openFilesLimit === undefined ? {} : { openFilesLimit }) },
      namespace: home.namespace,
      pageFolder: pageFolder(),
      installation: ownInstallation(env),
    });
  } catch (error) {
    throw ownError(error);
  }
}
