import fs from 'node:fs';
import os from 'node:os';
import { closeInherited, compileEarly, ignoreSignal, setCloseOnExec } from '@holdfast/posix';
import { prepareForRequests } from '@holdfast/protocol';
import { Daemon, startError } from './daemon.ts';
import { type DaemonOptions, parseOptions } from './options.ts';

process.umask(0o077);
// Node would open its debugger, on a port that every user of this machine can reach.
ignoreSignal(os.constants.signals.SIGUSR1);
compileEarly();
prepareForRequests();

/** Tells whoever started this daemon how it went: one line of JSON. */
function report(options: DaemonOptions | undefined, message: object): void {
  if (options?.readyFd === undefined) return;
  try {
    fs.writeSync(options.readyFd, `${JSON.stringify(message)}\n`);
    fs.closeSync(options.readyFd);
  } catch {
    // Nobody waits for it any more.
  }
}

let options: DaemonOptions | undefined;
try {
  options = parseOptions(process.argv.slice(2));
  const kept = [options.readyFd, options.channelFd, options.keeperFd].filter((fd) => fd !== undefined);
  // A pipe of whoever started us must not stay open as long as we live, let alone reach a program.
  closeInherited(kept);
  for (const fd of kept) setCloseOnExec(fd);
  if (options.channelFd === undefined) await serve(options);
  else await Daemon.adopt(options, options.channelFd);
} catch (error) {
  const failure = startError(error);
  report(options, { ready: false, ...failure });
  fs.writeSync(2, `holdfast: the daemon could not be started: ${failure.message}\n`);
  process.exit(1);
}

async function serve(options: DaemonOptions): Promise<void> {
  const daemon = await Daemon.start(options);
  report(
    options,
    daemon
      ? { ready: true, pid: process.pid }
      : { ready: false, code: 'E_BUSY', message: 'another daemon serves this home' },
  );
  daemon?.detachFromStarter();
}
