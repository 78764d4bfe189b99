import { fileURLToPath, pathToFileURL } from 'node:url';

/** The keeper lies beside the command line, too. */
export function keeperEntry(): string {
  return beside('../keeper/main.js');
}

/** So does the host. */
export function hostEntry(): string {
  return beside('../host/main.js');
}

/** And what serves agents. */
export function mcpEntry(): string {
  return beside('../mcp/main.js');
}

/** And what talks to a fleet, in a built tree. */
export function fleetEntry(): string {
  return beside('../fleet/main.js');
}

/** And what emulates terminals: the daemon's worker, which makes texts of what they have shown, too. */
export function screenEntry(): string {
  return beside('../screen/main.cjs');
}

/** And the folder of the page that the host serves. */
export function pageFolder(): string {
  return beside('../web');
}

/** The daemon lies beside the command line: dist/cli/main.cjs → dist/daemon/main.js. HOLDFAST_DAEMON_ENTRY: another one. */
export function daemonEntry(env: NodeJS.ProcessEnv): string {
  return env['HOLDFAST_DAEMON_ENTRY'] || beside('../daemon/main.js');
}

function beside(file: string): string {
  // From the program's own path: a CommonJS bundle has no import.meta.
  return fileURLToPath(new URL(file, pathToFileURL(process.argv[1] ?? '')));
}
