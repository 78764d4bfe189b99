import { readFileSync, rmSync } from 'node:fs';
import type { DaemonIdentity, UpgradeUnderWay } from '@holdfast/protocol';
import * as z from 'zod/mini';
import type { Home } from './home.ts';
import { startTimeOf } from './start-time.ts';
import { withoutDisk, writeWhole } from './write-whole.ts';

const pid = z.int().check(z.gte(1), z.lte(0x7fff_ffff));
/** Unknown fields are ignored: a later version may have written them. */
const manifestShape = z.object({
  pid,
  /** Tells the process from a later one with its pid: clock ticks since boot; 0: not known. */
  startTime: z.number(),
  version: z.string(),
  build: z.string(),
  /** Versions that it is known to speak. */
  protocols: z.array(z.int()),
  startedAt: z.string(),
  /** An upgrade that somebody has asked for and that has not been answered. */
  update: z.nullable(
    z.object({
      /** The build that shall be; null: whatever the file is. */
      available: z.nullable(z.string()),
      since: z.string(),
      /** How far the daemon has come, in its words; null: it has not said. Absent from manifests of earlier versions. */
      phase: z._default(z.nullable(z.string()), null),
      /** Pid of the successor; null: none was started, as far as is known. */
      successor: z._default(z.nullable(pid), null),
    }),
  ),
});
/** What is believed of the daemon by who can't ask it. */
export type Manifest = z.infer<typeof manifestShape>;

/** undefined: there is none. `unreadable`: what is there is none. */
function readManifest({ manifestPath }: Home): Manifest | 'unreadable' | undefined {
  let text: string;
  try {
    text = readFileSync(manifestPath, 'utf8');
  } catch {
    return undefined; // ENOENT
  }
  try {
    const parsed = manifestShape.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** The manifest, if the process that it names is still that process. */
export function believedManifest(home: Home): Manifest | undefined {
  const manifest = readManifest(home);
  if (manifest === undefined || manifest === 'unreadable') return undefined;
  return startTimeOf(manifest.pid) === manifest.startTime ? manifest : undefined;
}

/** A note of an upgrade that is older than any upgrade takes, was left by somebody who died. */
const IN_FLIGHT_MS = 60_000;

/** What the daemon says of an upgrade. */
export function inFlight({ phase, since, successor, expect }: UpgradeUnderWay): Manifest['update'] {
  return { available: expect?.build ?? null, since, phase, successor };
}

/**
 * Writes what the daemon itself says, and what is known of an upgrade; `asBefore`: what others have noted, unless it can't be true
 * any more. Returns what was wrong before; undefined if nothing was. A disk that takes nothing leaves it as it was.
 */
export function correctManifest(
  home: Home,
  { daemon, protocol }: { daemon: DaemonIdentity; protocol: number },
  noted: Manifest['update'] | 'asBefore',
): string | undefined {
  const { pid: daemonPid, version, build, startedAt } = daemon;
  const startTime = startTimeOf(daemonPid) ?? 0;
  const before = readManifest(home);
  const update = noted === 'asBefore' ? stillInFlight(before, daemonPid) : noted;
  const now = { pid: daemonPid, startTime, version, build, protocols: [protocol], startedAt, update };
  const wrong = difference(before, now);
  if (wrong !== undefined || JSON.stringify(before) !== JSON.stringify(now))
    withoutDisk(() => writeWhole(home.manifestPath, JSON.stringify(now)));
  return wrong;
}

function stillInFlight(before: ReturnType<typeof readManifest>, daemonPid: number): Manifest['update'] {
  if (before === undefined || before === 'unreadable' || !before.update || before.pid !== daemonPid)
    return null;
  return Date.now() - Date.parse(before.update.since) < IN_FLIGHT_MS ? before.update : null;
}

export function removeManifest({ manifestPath }: Home): void {
  rmSync(manifestPath, { force: true });
}

function difference(before: Manifest | 'unreadable' | undefined, now: Manifest): string | undefined {
  if (before === undefined) return 'it was missing';
  if (before === 'unreadable') return 'it could not be read';
  if (before.pid !== now.pid) return `it named process ${before.pid}`;
  if (before.startTime !== now.startTime) return `process ${before.pid} was another one`;
  if (before.build !== now.build) return `it named build ${before.build}`;
  return undefined;
}
