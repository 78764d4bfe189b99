// Prints the manual page, for the build: node scripts/run-ts.mjs packages/cli/src/manual/main.ts VERSION
import { loadAllCommands } from '../commands.ts';
import { manualPage } from './page.ts';

process.stdout.write(manualPage(await loadAllCommands(), process.argv[2] ?? ''));
