import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import { fdCount, passTime, privateBytes, startDaemon, TestHome } from '@holdfast/testkit';
import { TestHost } from '../e2e/support/test-host.ts';
import { TestPage } from '../e2e/support/test-page.ts';
import { sameBuild } from '../e2e/support/upgrades.ts';
import { Echoing } from './echoing.ts';
import { HeapProbe } from './heap-probe.ts';
import { Report } from './report.ts';

/** Sessions that write 500 KB a second each; all others echo what is typed. */
const FLOODS = 2;
/** Sessions that a page shows by way of the host. */
const PAGES = 5;
/** Between two keys in the same session. */
const KEY_EVERY_MS = 1_000;
/** Between two keys in a session that a page shows. */
const SHOWN_KEY_EVERY_MS = 100;
/** Typed into each of these at once, when the pages are there: what the host keeps of its output is full from then on, and grows no more. */
const FILLING_BYTES = 2 * 1024 * 1024;
/** And so much more into each than into the one before: the host drops a quarter of a mebibyte at a time, of one session after the other then. */
const STAGGER_BYTES = (256 * 1024) / PAGES;
const UPGRADE_TIMEOUT_MS = 30_000;
/** What is measured and upgraded before the first sample that counts: caches fill, code is compiled. */
const WARM_UP_SHARE = 0.25;

export interface SoakOptions {
  readonly ms: number;
  readonly sessions: number;
  readonly upgradeEveryMs: number;
  /** Told of each sample. */
  readonly onSample?: (line: string) => void;
}

/**
 * One daemon, keeper and host for long: sessions that write and are typed into, pages, an upgrade now and then, and between two of
 * them a session that is opened, looked at, ended and forgotten. What memory and descriptors do meanwhile.
 */
export async function soak({ ms, sessions, upgradeEveryMs, onSample }: SoakOptions): Promise<Report> {
  await using home = new TestHome();
  const daemon = await startDaemon({ home, keeper: true });
  const heap = new HeapProbe(home);
  const host = await TestHost.start({ home, env: { NODE_OPTIONS: heap.arguments.join(' ') } });
  const client = await daemon.connect({ reconnect: true });
  const floods: Session[] = [];
  for (let count = 0; count < Math.min(FLOODS, sessions - 1); count += 1)
    floods.push(await daemon.open('steady-flood.py'));
  const echoes: Echoing[] = [];
  while (floods.length + echoes.length < sessions)
    echoes.push(
      await Echoing.begin(daemon, client, echoes.length < PAGES ? SHOWN_KEY_EVERY_MS : KEY_EVERY_MS),
    );
  const flooded = await Promise.all(floods.map((flood) => countOutput(client, flood)));
  const shown = echoes.slice(0, PAGES);
  const pages = shown.map(({ session }) => new TestPage(host.at, session.id));
  await Promise.all(pages.map((page) => page.message('attached')));
  await Promise.all(
    shown.map((echoing, index) => echoing.typeAtOnce(FILLING_BYTES + Math.round(index * STAGGER_BYTES))),
  );

  const upgrade = () =>
    client.request(
      'upgrade',
      { ...sameBuild(daemon), execArgv: [...heap.arguments] },
      { timeoutMs: UPGRADE_TIMEOUT_MS },
    );
  // From here on daemons tell what they have in use.
  await upgrade();
  const report = new Report({ sessions, warmUpMs: ms * WARM_UP_SHARE });
  const untilMs = performance.now() + ms;
  for (let next = performance.now() + upgradeEveryMs; next < untilMs; next += upgradeEveryMs) {
    await openAndForget(daemon, client);
    await passTime(Math.max(0, next - performance.now()));
    // Just before the upgrade a daemon is always of the same age.
    const processes = { daemon: await daemon.servingPid(), keeper: home.keeperPid ?? -1, host: host.at.pid };
    for (const [name, pid] of Object.entries(processes)) report.sample(name, 'descriptors', fdCount(pid));
    report.sample('keeper', 'private memory', privateBytes(processes.keeper));
    for (const name of ['daemon', 'host'] as const) {
      const pid = processes[name];
      report.sample(name, 'with garbage', privateBytes(pid));
      report.sample(name, 'in use', await heap.bytesInUse(pid));
      report.sample(name, 'private memory', privateBytes(pid));
    }
    onSample?.(report.latest);
    report.paused((await upgrade()).pauseMs);
  }

  for (const echoing of echoes) {
    const { typed, faults } = await echoing.end();
    report.typedBytes += typed;
    report.faults.push(...faults);
  }
  for (const page of pages) page[Symbol.dispose]();
  report.outputBytes = flooded.reduce((sum, count) => sum + count(), 0);
  await host.end();
  return report;
}

/** How many bytes a viewer has had of a session, so far. */
async function countOutput(client: Client, { id }: Session): Promise<() => number> {
  let bytes = 0;
  await client.subscribe(id, {
    from: 'start',
    mode: 'viewer',
    onData: ({ length }) => {
      bytes += length;
    },
  });
  return () => bytes;
}

async function openAndForget(daemon: Awaited<ReturnType<typeof startDaemon>>, client: Client): Promise<void> {
  const { id } = await daemon.openCommand(['/bin/sh', '-c', 'echo here and gone']);
  await client.request('wait', { session: id }, { timeoutMs: null });
  await client.request('capture', { session: id, format: 'text' }, { timeoutMs: null });
  await client.request('forget', { session: id });
}
