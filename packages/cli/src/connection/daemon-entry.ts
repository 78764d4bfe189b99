import { fileURLToPath, pathToFileURL } from 'node:url';

/** The keeper lies beside the command line, too. */
export function keeperEntry(): string {
  return beside('../keeper/main.js');
}

/** The daemon lies beside the command line: dist/cli/main.js → dist/daemon/main.js. HOLDFAST_DAEMON_ENTRY: another one. */
export function daemonEntry(env: NodeJS.ProcessEnv): string {
  return env['HOLDFAST_DAEMON_ENTRY'] || beside('../daemon/main.js');
}

function beside(file: string): string {
  // From the program's own path: the chunk of the bundle that this file ends up in lies elsewhere.
  return fileURLToPath(new URL(file, pathToFileURL(process.argv[1] ?? '')));
}
