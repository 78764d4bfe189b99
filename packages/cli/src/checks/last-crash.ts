import fs from 'node:fs';
import path from 'node:path';
import { formatAge } from '../output/age.ts';
import { type Check, ok, warn } from './finding.ts';

/** What happened within it is worth a look; what is older is told, and no more. */
const RECENT_MS = 24 * 60 * 60 * 1_000;
/** A system that goes down signals keeper and daemon at once: so long may the daemon see the keeper gone before it hears of it. */
const SHUTDOWN_SPREAD_MS = 2_000;

interface Crash {
  readonly atMs: number;
  /** Which process ended, and how. */
  readonly what: string;
  readonly log: string;
  readonly why: string;
}

/** The last end of a daemon or a keeper that nobody meant: each is noted by the other. */
export const lastCrash: Check = {
  name: 'last crash',
  run({ home }) {
    const keeperLog = path.join(home.stateDir, 'keeper.log');
    const crashes = [
      daemonCrash(readBoth(keeperLog), keeperLog),
      keeperCrash(readBoth(home.logPath), home.logPath),
    ].filter((crash) => crash !== undefined);
    const [last] = crashes.toSorted((one, other) => other.atMs - one.atMs);
    if (!last) return ok('none is known');
    const ageMs = Date.now() - last.atMs;
    const detail = `${new Date(last.atMs).toISOString()} (${formatAge(ageMs)} ago): ${last.what}; see ${last.log}`;
    if (ageMs > RECENT_MS) return ok(detail);
    return warn(detail, {
      why: last.why,
      hint: `if nobody killed it, report it with ${home.logPath} and ${keeperLog}`,
    });
  },
};

/** By the log of a keeper. The end of a daemon that its keeper follows was meant. */
function daemonCrash(keeperLog: string, file: string): Crash | undefined {
  let last: Crash | undefined;
  let before: Crash | undefined;
  for (const line of keeperLog.split('\n')) {
    const [, time = '', event, fields = ''] = /^(\S+) keeper\.(\S+) (\{.*)$/.exec(line) ?? [];
    if (event === 'daemon-ended') {
      before = last;
      last = {
        atMs: Date.parse(time),
        what: reasonIn(fields),
        log: file,
        why: 'up to 4,095 bytes of what a session was printing may be missing',
      };
    } else if (event === 'ended' && fields.startsWith('{"code":0}')) last = before;
  }
  return last;
}

/** By the log of a daemon. A keeper that goes when the daemon stops, or when the system goes down, was meant to. */
export function keeperCrash(daemonLog: string, file: string): Crash | undefined {
  let last: Crash | undefined;
  let before: Crash | undefined;
  let isStopping = false;
  for (const line of daemonLog.split('\n')) {
    const [, time = '', event, fields = ''] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
    const atMs = Date.parse(time);
    if (event === 'daemon.serving') isStopping = false;
    else if (event === 'daemon.stopping') {
      isStopping = true;
      if (fields === 'by=SIGTERM' && last && atMs - last.atMs <= SHUTDOWN_SPREAD_MS) last = before;
    } else if (event === 'keeper.lost' && !isStopping) {
      before = last;
      const what = `the daemon has lost its keeper: ${fields.replace(/^why=/, '')}`;
      const why =
        'until the daemon has started another one, a crash of its own would have ended all sessions';
      last = { atMs, what, log: file, why };
    }
  }
  return last;
}

function reasonIn(fields: string): string {
  try {
    const { reason }: { reason?: unknown } = JSON.parse(fields);
    return typeof reason === 'string' ? reason : fields;
  } catch {
    return fields; // A line that was cut by a full disk.
  }
}

/** A log, and what was renamed before it. */
function readBoth(file: string): string {
  return [`${file}.1`, file]
    .map((name) => (fs.existsSync(name) ? fs.readFileSync(name, 'utf8') : ''))
    .join('');
}
