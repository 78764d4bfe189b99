import fs from 'node:fs';
import {
  becomeSubreaper,
  closeInherited,
  exitNow,
  ignoreSignal,
  setCloseOnExec,
  signalNumber,
  staySmall,
} from '@holdfast/posix';
import { Keeper } from './keeper.ts';
import { Starter } from './launch.ts';
import { descriptorsOf, readLegacy } from './legacy.ts';
import { parseOptions } from './options.ts';

staySmall();
process.umask(0o077);
try {
  const options = parseOptions(process.argv.slice(2));
  const legacy = options.legacyFd === undefined ? undefined : readLegacy(options.legacyFd);
  if (options.isTrial) exitNow(0);
  const kept = [options.readyFd, options.daemon?.channelFd, ...(legacy ? descriptorsOf(legacy) : [])];
  const fds = kept.filter((fd) => fd !== undefined);
  closeInherited(fds);
  for (const fd of fds) setCloseOnExec(fd);
  // A terminal that is closed, a logout, Ctrl-C; and Node opens a debugger at SIGUSR1. SIGTERM ends the keeper, as it is.
  for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1']) ignoreSignal(signalNumber(name) ?? 0);
  becomeSubreaper();
  const starter = options.readyFd === undefined ? undefined : new Starter(options.readyFd);
  new Keeper(options, starter, legacy).run();
} catch (error) {
  fs.writeSync(
    2,
    `holdfast: the keeper could not be started: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
