import { homedir, hostname } from 'node:os';
import path from 'node:path';
import type { FleetHost, Surroundings } from '@holdfast/fleet';
import { ownError } from '@holdfast/protocol';
import { type Installation, installationIn, Supervisor } from '@holdfast/supervisor';
import { sessionEnvironment } from '../arguments/environment.ts';
import { CLIENT_NAME } from '../connection/client-name.ts';
import { daemonEntry } from '../connection/daemon-entry.ts';
import { loginOpenFilesLimit } from '../connection/login-limits.ts';
import { ownInstallation } from '../connection/own-installation.ts';
import type { Context } from '../context.ts';
import { printable } from '../output/printable.ts';
import { fleetAddress } from './address.ts';
import { loadFleet } from './load.ts';

/** Makes this machine a host of a fleet. Throws what joining one can come to. */
export async function joinAsHost(
  chosen: { fleet: string; creds: string | undefined; name: string | undefined },
  { env, home, note }: Context,
): Promise<FleetHost> {
  const { joinFleet, hostNameOf } = await loadFleet();
  const supervisor = () =>
    new Supervisor({ home, env, name: CLIENT_NAME, installation: presentInstallation(env) });
  try {
    return await joinFleet({
      address: fleetAddress(env, chosen),
      name: chosen.name ?? hostNameOf(hostname()),
      socketPath: home.socketPath,
      home: home.label,
      machine: {
        ensure: () => supervisor().ensure(),
        status: () => supervisor().status(),
        upgrade: (options) => supervisor().upgrade(options),
        surroundings: () => surroundings(env),
      },
      // It has words of other hosts, and of the servers, in it.
      note: (text) => note(printable(text)),
    });
  } catch (error) {
    throw ownError(error);
  }
}

/** What is installed now: that may be a later build than this process is of, which lasts. */
function presentInstallation(env: NodeJS.ProcessEnv): Installation {
  if (env['HOLDFAST_DAEMON_ENTRY']) return ownInstallation(env);
  return installationIn(path.dirname(path.dirname(daemonEntry(env))));
}

function surroundings(env: NodeJS.ProcessEnv): Surroundings {
  const openFilesLimit = loginOpenFilesLimit();
  const { HOLDFAST_FLEET_CREDS: _creds, ...passed } = sessionEnvironment(env, []);
  return {
    env: passed,
    cwd: env['HOME'] || homedir(),
    umask: process.umask(),
    ...(openFilesLimit === undefined ? {} : { openFilesLimit }),
  };
}
