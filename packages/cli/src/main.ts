import { dispatch } from './dispatch.ts';
import { isBrokenPipe } from './output/errors.ts';

// A reader that has gone (`holdfast ls | head -1`) is no failure; anything else that happens to stdout is.
process.stdout.on('error', (error) => process.exit(isBrokenPipe(error) ? 0 : 1));
process.exit(await dispatch(process.argv.slice(2)));
