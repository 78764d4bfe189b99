import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldfastError, VERSION } from '@holdfast/protocol';
import { fleetEntry } from '../connection/daemon-entry.ts';

type FleetModule = Pick<
  typeof import('@holdfast/fleet'),
  'joinFleet' | 'Fleet' | 'checkHostName' | 'hostNameOf'
>;

/** What talks to a fleet: beside the command line in a built tree, else a package of its own. Throws E_USAGE if it isn't there. */
export async function loadFleet(): Promise<FleetModule> {
  const { VERSION: version, ...fleet } = await import(pathToFileURL(fleetFile('main.js')).href);
  if (version !== VERSION)
    throw new HoldfastError(
      'E_USAGE',
      `@holdfast/fleet is ${version}, and this is ${VERSION}: ${howToInstall()}`,
    );
  return fleet;
}

/** A file of it. Throws E_USAGE if it isn't there. */
export function fleetFile(name: string): string {
  const beside = path.join(path.dirname(fleetEntry()), name);
  if (existsSync(beside)) return beside;
  try {
    return createRequire(pathToFileURL(process.argv[1] ?? '')).resolve(`@holdfast/fleet/${name}`);
  } catch (cause) {
    throw new HoldfastError('E_USAGE', `fleets need a package of their own: ${howToInstall()}`, { cause });
  }
}

function howToInstall(): string {
  return `npm install -g @holdfast/fleet@${VERSION}`;
}
