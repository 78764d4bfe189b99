import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  floodOffsetOf,
  isAlive,
  LINE_BYTES,
  passTime,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect } from 'vitest';
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

/** Compares the flood as it comes, however long it is. */
class FloodWatch {
  readonly faults: string[] = [];
  /** How many bytes are missing at each crash. */
  readonly missing: number[] = [];
  offset = 0;
  /** How far the flood is ahead of the offsets. */
  #shift = 0;
  /** What has come since the last crash, as long as it has no whole line. */
  #unplaced: Buffer | undefined;

  static async begin(client: Client, session: string): Promise<FloodWatch> {
    const watch = new FloodWatch();
    const subscription = await client.subscribe(session, {
      from: 'start',
      mode: 'exact',
      leaseMs: 30_000,
      onData: (bytes, offset) => {
        watch.#take(bytes, offset);
        // Nothing comes before the gate is opened, and that is after the answer.
        subscription.acknowledge(offset + bytes.length);
      },
      onGap: ({ from, reason }) => {
        if (reason !== 'crash' || watch.#unplaced) watch.faults.push(`a gap by ${reason} at ${from}`);
        watch.#unplaced = Buffer.alloc(0);
      },
    });
    return watch;
  }

  #take(bytes: Uint8Array, offset: number): void {
    if (offset !== this.offset) this.faults.push(`${offset} came after ${this.offset}`);
    this.offset = offset + bytes.length;
    const placed = this.#unplaced ? this.#place(bytes) : bytes;
    if (!placed) return;
    const from = this.offset - placed.length + this.#shift;
    const difference = firstDifference(placed, from);
    if (difference !== -1) this.faults.push(`not the flood at ${from + difference}`);
  }

  /** All that has come since the crash, when it is known where in the flood that is. */
  #place(bytes: Uint8Array): Buffer | undefined {
    const all = Buffer.concat([this.#unplaced ?? Buffer.alloc(0), bytes]);
    this.#unplaced = all;
    if (all.length < 2 * LINE_BYTES) return undefined;
    const shift = floodOffsetOf(all) - (this.offset - all.length);
    this.missing.push(shift - this.#shift);
    this.#shift = shift;
    this.#unplaced = undefined;
    return all;
  }
}
