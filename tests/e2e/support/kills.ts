import type { Session } from '@holdfast/protocol';
import { eventually, isAlive, passTime, randomBelow, type TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';
import { FloodWatch } from './flood-watch.ts';
import { expectStatuses, openGated } from './gated.ts';
import { Typing } from './typing.ts';

/** Two write as fast as they can, one about 1,000 lines a second. */
const WRITERS = [['flood.py'], ['flood.py'], ['slow-writer.py', 1]] as const;
const EDITOR = process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes('vim')
  ? ['/bin/cat']
  : ['vim', '-u', 'NONE', '-i', 'NONE', '-n'];
const MEBIBYTE = 1024 * 1024;
/** What even the slow one writes in a second or two. */
const GOES_ON_BYTES = 16 * 1024;
const AT_RISK_BYTES = 4_095;
/** Other moments by another seed. */
const SEED = Number(process.env['HOLDFAST_TEST_SEED'] ?? 1);
/** A daemon that dies sooner than 2 s after it was ready counts as one that can't start. */
const BETWEEN_KILLS_MS = 3_000;
const SPREAD_MS = 1_000;

export interface Endured {
  /** From the kill until `list` was answered by the next daemon, in milliseconds, for each kill. */
  readonly recoveryMs: readonly number[];
  /** Of each session and kill. */
  readonly missingBytes: readonly number[];
  /** Keys of which nobody knows whether they were typed. */
  readonly unknownKeys: number;
}

/**
 * Kills the daemon so many times at moments that a seed chooses, at least 3 s apart, while programs write, an editor runs, one program is typed
 * into, and others end just before, during and after. Checks that no acknowledged key is lost or typed twice, of the output
 * nothing but one read of each, at a mark, and that programs live or have the status with which they ended.
 */
export async function floodUnderKills(daemon: TestDaemon, kills: number): Promise<Endured> {
  const below = randomBelow(SEED);
  const floods: { session: Session; output: FloodWatch }[] = [];
  for (const [file, ...args] of WRITERS) {
    const gate = daemon.home.gate();
    const session = await daemon.open(file, [...args, gate.path], { historyBytes: 4 * MEBIBYTE });
    floods.push({ session, output: await FloodWatch.begin(await daemon.client(), session.id) });
    await gate.open();
  }
  const editor = await daemon.openCommand(EDITOR);
  const typing = await Typing.begin(daemon);
  const recoveryMs: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const ending = await openGated(daemon);
    // Each way to end has its turn at each moment.
    const [soon, during, ...later] = [...ending, ...ending]
      .slice(kill % ending.length)
      .slice(0, ending.length);
    await passTime(BETWEEN_KILLS_MS + below(SPREAD_MS));
    await soon?.open();
    const before = await daemon.killServing();
    const killedAt = performance.now();
    const [{ sessions, pid }] = await Promise.all([listAnew(daemon), during?.open()]);
    recoveryMs.push(performance.now() - killedAt);
    expect(pid).not.toBe(before);
    for (const session of [editor, ...floods.map((flood) => flood.session)])
      expect(sessions.find(({ id }) => id === session.id)).toMatchObject({
        pid: session.pid,
        state: 'running',
      });
    for (const { output } of floods)
      await eventually('it is told of the crash', () => output.missing.length === kill);
    for (const one of later) await one.open();
    await expectStatuses(daemon, ending);
    for (const { session } of ending)
      await (await daemon.client()).request('forget', { session: session.id });
  }
  const typed = await typing.stop();
  expect(typed.missingBytes).toHaveLength(kills);
  const missingBytes = [...typed.missingBytes];
  expect(isAlive(editor.pid)).toBe(true);
  for (const { session, output } of floods) {
    const until = output.offset + GOES_ON_BYTES;
    await eventually('it goes on', () => output.offset > until);
    expect(isAlive(session.pid)).toBe(true);
    expect(output.faults).toEqual([]);
    missingBytes.push(...output.missing);
  }
  for (const bytes of missingBytes) {
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(bytes).toBeLessThanOrEqual(AT_RISK_BYTES);
  }
  return { recoveryMs, missingBytes, unknownKeys: typed.unknown };
}

/** By a client that comes now. */
async function listAnew(daemon: TestDaemon): Promise<{ sessions: Session[]; pid: number }> {
  const client = await daemon.connect({ reconnect: false });
  const { sessions } = await client.request('list', {});
  client.close();
  return { sessions, pid: client.daemon.pid };
}
