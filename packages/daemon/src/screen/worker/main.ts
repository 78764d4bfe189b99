import { parentPort } from 'node:worker_threads';
import { serveScreens } from './serve-screens.ts';

/** What the command line loads to make texts of what terminals have shown. Most of it is the emulator, which the worker has, too: one file does for both. */
export { Transcript } from '@holdfast/screen';

if (parentPort) serveScreens(parentPort);
