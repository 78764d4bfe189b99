import { fileURLToPath, pathToFileURL } from 'node:url';

/** The daemon lies beside the command line: dist/cli/main.js → dist/daemon/main.js. HOLDFAST_DAEMON_ENTRY: another one. */
export function daemonEntry(env: NodeJS.ProcessEnv): string {
  // The program's own path: the chunk of the bundle that this file ends up in lies elsewhere.
  const program = pathToFileURL(process.argv[1] ?? '');
  return env['HOLDFAST_DAEMON_ENTRY'] || fileURLToPath(new URL('../daemon/main.js', program));
}
