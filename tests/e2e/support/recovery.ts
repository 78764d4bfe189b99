import { keeperReport } from '@holdfast/supervisor/keeper-report';
import {
  childrenOf,
  eventually,
  firstDifference,
  isAlive,
  passTime,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect } from 'vitest';
import { expectStatuses, openGated } from './gated.ts';
import { SERVED_MS, startKept } from './kept.ts';
import { expectOneEach } from './one-each.ts';
import { mastersOf, recordFlood } from './upgrades.ts';

/** Kills the keeper; resolves when another one is the parent of another daemon. */
export async function killKeeper({ home }: TestDaemon): Promise<void> {
  const { keeperPid: before = -1, daemonPid } = home;
  process.kill(before, 'SIGKILL');
  await eventually('another keeper is the parent of another daemon', () => {
    const { keeperPid, daemonPid: serving } = home;
    if (keeperPid === undefined || serving === undefined || keeperPid === before) return false;
    return serving !== daemonPid && childrenOf(keeperPid).includes(serving);
  });
}

/** Kills the keeper three times under load, while programs end. The median until another one holds everything and is the parent is below `limitMs`. */
export async function keeperIsReplaced(limitMs: number): Promise<void> {
  await using kept = await startKept();
  const { daemon } = kept;
  const { output } = await recordFlood(daemon);
  const gated = [...(await openGated(daemon)), ...(await openGated(daemon)), ...(await openGated(daemon))];
  const running = new Set(gated);
  const tookMs: number[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    await eventually('all are held', () => mastersOf(daemon.home.keeperPid ?? -1) === running.size + 1);
    // Some end while no keeper is their ancestor; of those that end later the kernel tells by their pidfds (6.15 or newer).
    const ending = [...running].slice(0, 4);
    for (const one of ending) running.delete(one);
    const killedAt = performance.now();
    const isReplaced = killKeeper(daemon).then(async () => {
      await eventually('all are held', () => mastersOf(daemon.home.keeperPid ?? -1) > running.size);
      return performance.now() - killedAt;
    });
    const [ms] = await Promise.all([isReplaced, ...ending.map((one) => one.open())]);
    tookMs.push(ms);
    await expectStatuses(daemon, ending);
  }
  const [, median = Number.POSITIVE_INFINITY] = tookMs.toSorted((one, other) => one - other);
  console.log(
    `another keeper held everything, and was the parent, after ${tookMs.map(Math.round).join(', ')} ms`,
  );
  expect(median).toBeLessThan(limitMs);
  await output.output.untilLength(output.bytes.length + 1024 * 1024);
  expect({ difference: firstDifference(output.bytes, 0), gaps: output.gaps }).toEqual({
    difference: -1,
    gaps: [],
  });
  await expectOneEach(daemon);
}

/** Has daemons die until the keeper holds. `status` says so within `limitMs`, and a good build brings everything back. */
export async function holdingIsTold(limitMs: number): Promise<void> {
  await using kept = await startKept();
  const { daemon, at } = kept;
  const cat = await daemon.openCommand(['/bin/cat']);
  const holding = async () => {
    const status = JSON.parse((await daemon.cli(['status', '--json'])).stdout.toString());
    return status.keeper.holding;
  };
  for (const command of ['resume', 'upgrade']) {
    expect(await holding()).toBe(null);
    const before = Date.now();
    at({ 'daemon.starting': 'kill' });
    await daemon.killServing();
    await eventually('the keeper holds', () => keeperReport(daemon.home.paths)?.state === 'held');
    expect(isAlive(cat.pid)).toBe(true);
    const began = performance.now();
    const status = await daemon.cli(['status']);
    expect(performance.now() - began).toBeLessThan(limitMs);
    expect(status.code).toBe(0);
    expect(status.stdout.toString()).toMatch(
      /^daemon {4}none; 3 in a row could not go on: .*\nkeeper .*held/,
    );
    const { since, crashes, reason } = await holding();
    expect({ crashes, reason }).toEqual({
      crashes: 3,
      reason: expect.stringMatching(/^daemon \d+ ended: SIGKILL/),
    });
    expect(Date.parse(since)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(since)).toBeLessThanOrEqual(Date.now());
    const refused = await daemon.cli(['ls']);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('holdfast resume') });
    at({});
    const done = await daemon.cli([command]);
    expect(done.code).toBe(0);
    expect(done.stdout.toString()).toContain('1 session kept');
    expect((await daemon.get(cat)).state).toBe('running');
    await passTime(SERVED_MS);
  }
}

/** Kills the daemon three times. The median until one more session was opened, listed and killed is below `limitMs`. */
export async function isServedAgain(limitMs: number): Promise<void> {
  await using kept = await startKept();
  const { daemon } = kept;
  const tookMs: number[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    await passTime(SERVED_MS);
    await daemon.killServing();
    const killedAt = performance.now();
    const client = await daemon.connect({ reconnect: false });
    const { session } = await client.request('open', {
      command: ['/bin/cat'],
      cwd: '/',
      cols: 80,
      rows: 24,
      env: daemon.home.env,
    });
    expect((await client.request('list', {})).sessions.at(-1)?.id).toBe(session.id);
    await client.request('kill', { session: session.id });
    tookMs.push(performance.now() - killedAt);
    client.close();
  }
  const [, median = Number.POSITIVE_INFINITY] = tookMs.toSorted((one, other) => one - other);
  console.log(`opened, listed and killed ${tookMs.map(Math.round).join(', ')} ms after the kill`);
  expect(median).toBeLessThan(limitMs);
}
