import { createHash } from 'node:crypto';
import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import { isAlive, sha256, startDaemon, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { mastersOf, targetsOf, upgrade } from '../e2e/support/upgrades.ts';

const UPGRADES = 100;
const INPUT_BYTES = 1024 * 1024;
/** "sum " and a SHA-256 in hexadecimal: what summed-lines.py ends with. */
const SUM_BYTES = 4 + 64;

test(`${UPGRADES} upgrades in a row: every stream is the same on both sides, and nobody notices`, async (context) => {
  if (process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes('vim')) context.skip('needs vim');
  await using daemon = await startDaemon();
  const client = await daemon.connect();
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);
  const flood = await daemon.open('summed-lines.py', [0]);
  const steady = await daemon.open('summed-lines.py', [1]);
  const echo = await daemon.open('raw-echo.py', [INPUT_BYTES]);
  const vim = await daemon.openCommand(['vim', '-u', 'NONE', '-i', 'NONE', '-n']);
  const streams = [await Sum.of(client, flood), await Sum.of(client, steady)];
  const echoed = await daemon.record(echo);
  await echoed.waitFor('ready');
  const input = await client.openInput(echo.id);
  const typed = Buffer.from(
    Array.from({ length: INPUT_BYTES / 16 }, (_, line) => `${String(line).padStart(15, '0')}\n`).join(''),
  );
  const shells: Session[] = [];
  const pauses: number[] = [];

  let pid = daemon.pid;
  for (let round = 0; round < UPGRADES; round += 1) {
    const [from, to] = [round, round + 1].map((at) => Math.round((at * INPUT_BYTES) / UPGRADES));
    const typing = input.write(typed.subarray(from, to));
    const code = round % 256;
    const exiting = await daemon.openCommand(['/bin/sh', '-c', `sleep 0.0${round % 10}; exit ${code}`]);
    const exit = client.request('wait', { session: exiting.id }, { timeoutMs: null });
    if (round % 20 === 0) shells.push(await daemon.openCommand(['/bin/sh', '-c', 'read none; exit 9']));
    const upgraded = await upgrade(daemon, client);
    expect(upgraded).toMatchObject({ from: { pid }, clients: { dropped: 0 } });
    expect(isAlive(pid)).toBe(false);
    pid = upgraded.to.pid;
    pauses.push(upgraded.pauseMs);
    expect((await exit).session.exit).toEqual({ code });
    await typing;
  }

  const status = await client.request('status', {});
  expect(status.daemon).toMatchObject({ pid, generation: UPGRADES + 1 });
  expect(mastersOf(pid)).toBe(status.sessions.running);
  for (const session of [flood, steady, vim, ...shells]) {
    expect((await daemon.get(session)).pid).toBe(session.pid);
    const others = targetsOf(session.pid).filter((target) => /ptmx|socket:|memfd/.test(target));
    expect(others).toEqual([]);
  }
  expect((await echoed.exited()).exit).toEqual({ code: 0 });
  expect(sha256(echoed.bytes.subarray('ready'.length))).toBe(sha256(typed));
  for (const { id } of [flood, steady]) await (await client.openInput(id)).write(Buffer.from('\r'));
  for (const stream of streams) {
    const { told, counted, bytes } = await stream.result();
    expect({ bytes, sum: counted }).toEqual({ bytes, sum: told });
  }
  await (await client.openInput(vim.id)).write(Buffer.from(':cquit 9\r'));
  for (const session of [vim, ...shells]) {
    if (session !== vim) await (await client.openInput(session.id)).write(Buffer.from('\r'));
    expect((await client.request('wait', { session: session.id })).session.exit).toEqual({ code: 9 });
  }
  expect(states).toEqual([]);
  const sorted = pauses.toSorted((one, other) => one - other);
  console.log(`pause of the daemon: p50 ${sorted[UPGRADES / 2]} ms, longest ${sorted.at(-1)} ms`);
}, 1_200_000);

/** Sums up the lines of summed-lines.py as they come, without keeping them. */
class Sum {
  readonly #hash = createHash('sha256');
  #rest = Buffer.alloc(0);
  #bytes = 0;
  #exited: (() => void) | undefined;
  readonly #over = new Promise<void>((resolve) => {
    this.#exited = resolve;
  });

  static async of(client: Client, { id }: Session): Promise<Sum> {
    const sum = new Sum();
    const subscription = await client.subscribe(id, {
      from: 'start',
      mode: 'exact',
      onData: (bytes, offset) => {
        sum.#add(bytes, offset);
        // Before the answer to `subscribe` nothing comes.
        queueMicrotask(() => subscription.acknowledge(sum.#bytes));
      },
      onExited: () => sum.#exited?.(),
    });
    return sum;
  }

  /** Resolves at the end of the session with the sum that the program told, and the one of what came before it. */
  async result(): Promise<{ told: string; counted: string; bytes: number }> {
    await within('the end of the lines', this.#over, 60_000);
    return {
      told: this.#rest.toString().slice('sum '.length),
      counted: this.#hash.digest('hex'),
      bytes: this.#bytes,
    };
  }

  #add(bytes: Uint8Array, offset: number): void {
    if (offset !== this.#bytes) throw new Error(`output at ${offset} instead of ${this.#bytes}`);
    this.#bytes += bytes.length;
    const all = Buffer.concat([this.#rest, bytes]);
    const end = Math.max(0, all.length - SUM_BYTES);
    this.#hash.update(all.subarray(0, end));
    this.#rest = Buffer.from(all.subarray(end));
  }
}
