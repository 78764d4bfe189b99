import fs from 'node:fs';
import path from 'node:path';
import { formatAge } from '../output/age.ts';
import { type Check, ok, warn } from './finding.ts';

/** What happened within it is worth a look; what is older is told, and no more. */
const RECENT_MS = 24 * 60 * 60 * 1_000;

interface Crash {
  readonly atMs: number;
  /** Which process ended, and how. */
  readonly what: string;
  readonly log: string;
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
      why: 'at each, up to 4,095 bytes of what a session was printing may be missing',
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
      last = { atMs: Date.parse(time), what: reasonIn(fields), log: file };
    } else if (event === 'ended' && fields.startsWith('{"code":0}')) last = before;
  }
  return last;
}

/** By the log of a daemon. */
function keeperCrash(daemonLog: string, file: string): Crash | undefined {
  const [, time, why] = [...daemonLog.matchAll(/^(\S+) keeper\.lost why=(.*)$/gm)].at(-1) ?? [];
  if (time === undefined) return undefined;
  return { atMs: Date.parse(time), what: `the daemon has lost its keeper: ${why}`, log: file };
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
