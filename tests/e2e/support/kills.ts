import type { Session } from '@holdfast/protocol';
import { eventually, isAlive, passTime, type TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';
import { FloodWatch } from './flood-watch.ts';
import { Typing } from './typing.ts';

const FLOODS = 2;
const MEBIBYTE = 1024 * 1024;
const AT_RISK_BYTES = 4_095;
/** A daemon that dies sooner than 2 s after it was ready counts as one that can't start. */
const BETWEEN_KILLS_MS = 3_000;

export interface Endured {
  /** From the kill until `list` was answered by the next daemon, in milliseconds, for each kill. */
  readonly recoveryMs: readonly number[];
  /** Of each session and kill. */
  readonly missingBytes: readonly number[];
  /** Keys of which nobody knows whether they were typed. */
  readonly unknownKeys: number;
}

/**
 * Kills the daemon so many times at random moments, at least 3 s apart, while programs write as fast as they can and one is typed
 * into, and checks that no acknowledged key is lost or typed twice, and of the output nothing but one read of each, at a mark.
 */
export async function floodUnderKills(daemon: TestDaemon, kills: number): Promise<Endured> {
  const floods: { session: Session; output: FloodWatch }[] = [];
  for (let index = 0; index < FLOODS; index += 1) {
    const gate = daemon.home.gate();
    const session = await daemon.open('flood.py', [gate.path], { historyBytes: 4 * MEBIBYTE });
    floods.push({ session, output: await FloodWatch.begin(await daemon.client(), session.id) });
    await gate.open();
  }
  const typing = await Typing.begin(daemon);
  const recoveryMs: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    await passTime(BETWEEN_KILLS_MS + Math.random() * 1_000);
    const before = await daemon.killServing();
    const killedAt = performance.now();
    const client = await daemon.connect({ reconnect: false });
    const { sessions } = await client.request('list', {});
    recoveryMs.push(performance.now() - killedAt);
    expect(client.daemon.pid).not.toBe(before);
    client.close();
    for (const { session, output } of floods) {
      expect(sessions.find(({ id }) => id === session.id)).toMatchObject({
        pid: session.pid,
        state: 'running',
      });
      await eventually('it is told of the crash', () => output.missing.length === kill);
    }
  }
  const typed = await typing.stop();
  expect(typed.missingBytes).toHaveLength(kills);
  const missingBytes = [...typed.missingBytes];
  for (const { session, output } of floods) {
    const until = output.offset + MEBIBYTE;
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
