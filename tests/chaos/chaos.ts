import { copyFileSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fdCount, passTime, SmallDisk, startDaemon, TestHome, zombiesOf } from '@holdfast/testkit';
import { DaemonFile, released, RELEASES } from '../e2e/support/releases.ts';
import { otherDaemon } from '../e2e/support/supervised.ts';
import { TestHost } from '../e2e/support/test-host.ts';
import { type Points, targetsOf } from '../e2e/support/upgrades.ts';
import { descriptorsOf, untilDescriptors } from './descriptors.ts';
import { events } from './events.ts';
import { Random } from './random.ts';
import { Tally } from './tally.ts';
import { churn, flood, pages, paste, resuming, typing, viewers, type Workload } from './workloads.ts';
import { World } from './world.ts';

const MEBIBYTE = 1024 * 1024;
const DISK_BYTES = 192 * MEBIBYTE;
/** Soon used up by those who connect too often. */
const OPEN_FILES = 1_024;

export interface ChaosOptions {
  /** The same seed makes the same things happen in the same order; at the same moments they can't. */
  readonly seed: number;
  readonly ms: number;
  /** Other programs of Node to upgrade to. */
  readonly nodes?: readonly string[];
  /** Told of each event when it begins, `seconds` after everything. */
  readonly onEvent?: (name: string, seconds: number) => void;
  /** Told, if it failed or something was lost, where the logs are kept. */
  readonly onKept?: (folder: string) => void;
}

/** Everything at once, for so long: what came of it. */
export async function chaos(options: ChaosOptions): Promise<Tally> {
  const tally = new Tally();
  await using home = new TestHome();
  using disk = SmallDisk.isPossible() ? new SmallDisk(home.folder, DISK_BYTES) : undefined;
  let isOver = false;
  try {
    await everything({ home, disk, tally }, options);
    isOver = true;
  } finally {
    if (!isOver || tally.faults.length > 0) options.onKept?.(keepLogs(home));
  }
  return tally;
}

async function everything(
  { home, disk, tally }: { home: TestHome; disk: SmallDisk | undefined; tally: Tally },
  { seed, ms, nodes = [], onEvent }: ChaosOptions,
): Promise<void> {
  const random = new Random(seed);
  using older = new DaemonFile(released(RELEASES.at(-1) ?? '').code);
  const file = path.join(home.scratch('points'), 'points.json');
  const at = (points: Points) => writeFileSync(file, JSON.stringify(points));
  at({});
  const daemon = await startDaemon({
    home,
    keeper: true,
    env: { HOLDFAST_TEST_POINTS: file },
    openFilesLimit: OPEN_FILES,
  });
  // What it upgrades by itself would be told apart from what happens here by nobody.
  await using host = await TestHost.start({ home, env: { HOLDFAST_AUTO_UPDATE: 'off' } });
  const world = new World({ daemon, host, tally, random, disk, at });
  await world.settled();
  const before = await descriptorsOf(daemon);
  const workloads: Workload[] = [await flood(world), await flood(world), await typing(world)];
  workloads.push(churn(world), churn(world), paste(world), viewers(world), viewers(world));
  workloads.push(pages(world), await resuming(world));

  const untilMs = performance.now() + ms;
  const newer = otherDaemon(home, { version: '99.0.0', build: '0123456789ab' });
  const possible = events({ older: older.entry, newer, nodes });
  while (performance.now() < untilMs) {
    const event = random.weighted(possible);
    onEvent?.(event.name, tally.seconds);
    tally.event(event.name);
    await event.happen(world);
    await world.settled();
    await world.checkResidents();
    await passTime(random.integer(0, 500));
  }

  for (const workload of workloads.toReversed()) await workload.end();
  await world.checkResidents();
  const client = await world.client();
  for (const { id } of world.residents) await client.request('kill', { session: id }, { timeoutMs: null });
  const pid = await daemon.servingPid();
  await untilDescriptors(daemon, before).catch(() =>
    tally.loss(
      'descriptors leaked',
      `${before} at the beginning, ${fdCount(pid)} at the end: ${targetsOf(pid).toSorted().join(' ')}`,
    ),
  );
  for (const process of [pid, home.keeperPid ?? -1])
    for (const zombie of zombiesOf(process))
      tally.loss('descriptors leaked', `zombie ${zombie} of ${process}`);
}

function keepLogs({ paths }: TestHome): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-chaos-'));
  for (const name of readdirSync(paths.stateDir))
    if (/\.log(\.1)?$/.test(name)) copyFileSync(path.join(paths.stateDir, name), path.join(folder, name));
  return folder;
}
