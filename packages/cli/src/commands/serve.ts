import { isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import type { FleetHost } from '@holdfast/fleet';
import type { FleetDoor, Host } from '@holdfast/host';
import { HoldfastError, ownError } from '@holdfast/protocol';
import { parseCount } from '../arguments/numbers.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { hostEntry, pageFolder } from '../connection/daemon-entry.ts';
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
    fleet: {
      kind: 'value',
      value: 'URL',
      summary: 'be a host of the fleet at this NATS server: nats://… or tls://…',
    },
    creds: {
      kind: 'value',
      value: 'FILE',
      summary: 'with --fleet: who this host is there',
      complete: 'file',
    },
    'page-creds': {
      kind: 'value',
      value: 'FILE',
      summary: 'with --fleet: who the page is there; default: this host',
      complete: 'file',
    },
    'fleet-name': {
      kind: 'value',
      value: 'HOST',
      summary: 'what this host is called in the fleet; default: the name of the machine',
    },
    json: { kind: 'flag', summary: 'print one JSON object when it accepts' },
  },
  details: [
    'Prints a URL to open. Its end, by Ctrl-C, a crash or an update, ends no session. docs/api.md has the API,',
    'docs/security.md says who gets in.',
  ],
  async run({ options }, context) {
    await using door = await openFleet(options, context);
    const host = await start(options, context, door);
    await using _host = closedAtEnd(host);
    const fleet = await join(options, context);
    await using _fleet = closedAtEnd(fleet);
    const { url, token, port } = host;
    // Before anybody is told that it serves: whoever reads that may end it at once.
    const ended = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    if (options.json)
      context.print(
        jsonLine({ url, token, port, pid: process.pid, ...(fleet ? { fleetName: fleet.name } : {}) }),
      );
    else context.print(`Open ${url}#token=${token}\n`);
    if (fleet && !options.json) context.print(`In the fleet this host is ${fleet.name}\n`);
    await ended;
    return EXIT.done;
  },
});

function closedAtEnd(open: { close(): Promise<void> } | undefined): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => open?.close() };
}

/** The other machines, for the page. */
async function openFleet(
  choices: Choices,
  context: Context,
): Promise<(FleetDoor & AsyncDisposable) | undefined> {
  const { fleet, creds, 'page-creds': pageCreds, 'fleet-name': name } = choices;
  if (fleet === undefined) {
    const stray = OF_A_FLEET.find((option) => choices[option] !== undefined);
    if (stray) throw usageError(`--${stray} belongs to --fleet`);
    return undefined;
  }
  const { openDoor } = await import('../fleet/door.ts');
  return openDoor({ fleet, creds: pageCreds ?? creds, name }, context);
}

/** Nothing of a fleet is loaded unless somebody asks for one: the environment alone may be meant for `--host`. */
async function join(
  { fleet, creds, 'fleet-name': name }: Choices,
  context: Context,
): Promise<FleetHost | undefined> {
  if (fleet === undefined) return undefined;
  const { joinAsHost } = await import('../fleet/join-as-host.ts');
  return joinAsHost({ fleet, creds, name }, context);
}

const OF_A_FLEET = ['creds', 'page-creds', 'fleet-name'] as const;

interface Choices {
  readonly fleet: string | undefined;
  readonly creds: string | undefined;
  readonly 'page-creds': string | undefined;
  readonly 'fleet-name': string | undefined;
  readonly port: string | undefined;
  readonly bind: string | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly name: readonly string[];
  readonly insecure: boolean;
}

async function start(choices: Choices, { env, home }: Context, fleet: FleetDoor | undefined): Promise<Host> {
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
      fleet,
    });
  } catch (error) {
    throw withWayOut(ownError(error));
  }
}

function withWayOut(failure: unknown): unknown {
  if (!(failure instanceof HoldfastError) || !failure.message.includes('EADDRINUSE')) return failure;
  const message = `${failure.message}; --port N takes another port, --port 0 any that is free`;
  return new HoldfastError(failure.code, message, { cause: failure });
}
