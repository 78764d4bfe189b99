import { randomBytes } from 'node:crypto';
import type { Subscription } from '@holdfast/client';
import type { Exit, Session } from '@holdfast/protocol';
import { type ErrorCode, HoldfastError } from '@holdfast/protocol';
import { passTime, type Recording, sha256, within } from '@holdfast/testkit';
import { FloodWatch } from '../e2e/support/flood-watch.ts';
import { PersistentPage } from '../e2e/support/persistent-page.ts';
import { Typing } from '../e2e/support/typing.ts';
import { missingAtMarks } from './pieces.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const MEBIBYTE = 1024 * 1024;
/** One read of a terminal: what may be missing at the mark of a crash. */
const AT_RISK_BYTES = 4_095;
const PATIENCE_MS = 60_000;

/** Somebody who works while everything happens, and finds out at the end whether all of it was right. */
export interface Workload {
  /** Ends it, and tells the tally. Never rejects for a fault of Holdfast. */
  end(): Promise<void>;
}

/** A program that writes as fast as it may, and a client that compares every byte. */
export async function flood(world: World): Promise<Workload> {
  const { daemon, tally } = world;
  const gate = daemon.home.gate();
  const session = await daemon.open('flood.py', [gate.path], { historyBytes: 4 * MEBIBYTE });
  world.residents.push(session);
  const watch = await FloodWatch.begin(await daemon.client(), session.id);
  await gate.open();
  return {
    async end() {
      for (const fault of watch.faults) tally.loss('output repeated or changed', `flood: ${fault}`);
      tallyMissing(world, 'flood', watch.missing);
      tally.outputBytes += watch.offset;
    },
  };
}

/** Keys without a pause, each acknowledged. */
export async function typing(world: World): Promise<Workload> {
  const { daemon, tally } = world;
  const begun = await Typing.begin(daemon);
  world.residents.push(begun.session);
  return {
    async end() {
      try {
        const { unknown, missingBytes, typedBytes } = await begun.stop();
        tally.keysInDoubt += unknown;
        tally.inputBytes += typedBytes;
        tallyMissing(world, 'echo', missingBytes);
      } catch (error) {
        tally.loss('acknowledged input lost or repeated', String(error));
      }
    },
  };
}

/** Does one thing after the other until it is to end. */
function repeatedly(world: World, once: (random: Random) => Promise<void>): Workload {
  const random = world.random.fork();
  const over = new AbortController();
  const going = (async () => {
    while (!over.signal.aborted) {
      const { excused } = world;
      try {
        await once(random);
      } catch (error) {
        if (!world.isExcused(error, excused))
          world.tally.loss('requests failed for no reason', describe(error));
        await passTime(50);
      }
    }
  })();
  return {
    async end() {
      over.abort();
      await going;
    },
  };
}

const SIGNALS = ['SIGTERM', 'SIGSEGV', 'SIGKILL'] as const;

/** Sessions that write, and end in any way. */
export function churn(world: World): Workload {
  return repeatedly(world, async (random) => {
    const bytes = random.integer(0, 200_000);
    const exit: Exit =
      random.next() < 0.3 ? { signal: random.pick(SIGNALS) } : { code: random.integer(0, 255) };
    const how = 'code' in exit ? String(exit.code) : 'signal' in exit ? exit.signal : '';
    const name = world.newName('churn');
    const session = await openOnce(world, name, () =>
      world.daemon.open('write-and-exit.py', [bytes, how], { name }),
    );
    const output = await world.daemon.record(session);
    const { exit: told } = await output.exited(PATIENCE_MS);
    world.tally.sessions += 1;
    if (JSON.stringify(told) !== JSON.stringify(exit))
      world.tally.loss(
        'wrong exit statuses',
        `${session.id}: ${JSON.stringify(told)} instead of ${JSON.stringify(exit)}`,
      );
    compare(world, session, output, numberedBlocks(bytes));
    await forget(world, session);
  });
}

/** A megabyte at once, into a program that reads slowly. */
export function paste(world: World): Workload {
  return repeatedly(world, async (random) => {
    const text = randomBytes(random.integer(1, MEBIBYTE));
    const name = world.newName('paste');
    const session = await openOnce(world, name, () =>
      world.daemon.open('slow-digest.py', [text.length], { name }),
    );
    world.tally.sessions += 1;
    const client = await world.client();
    const output = await world.daemon.record(session);
    await output.waitFor('ready;', PATIENCE_MS);
    const input = await client.openInput(session.id);
    const isDone = await input.write(text).then(
      () => true,
      (error: unknown) => {
        if (error instanceof HoldfastError && error.code === 'E_INPUT_UNKNOWN') return false;
        throw error;
      },
    );
    if (isDone) {
      const { exit } = await output.exited(PATIENCE_MS);
      world.tally.inputBytes += text.length;
      // Behind a crash the end of the answer may be missing.
      const isTold = output.text.endsWith(`sum ${sha256(text)};`);
      if (!('code' in exit && exit.code === 0) || (!isTold && output.gaps.length === 0))
        world.tally.loss(
          'acknowledged input lost or repeated',
          `${text.length} bytes pasted: ${JSON.stringify(exit)}, ${output.text.slice(-80)}`,
        );
    } else {
      world.tally.keysInDoubt += 1;
      // It may have had all of it, and have ended.
      await unless('E_EXITED', client.request('kill', { session: session.id }, { timeoutMs: PATIENCE_MS }));
      await output.exited(PATIENCE_MS);
    }
    await forget(world, session);
  });
}

/** Viewers of what floods, fast and slow, that come and go. */
export function viewers(world: World): Workload {
  return repeatedly(world, async (random) => {
    const session = random.pick(world.residents);
    const client = await world.daemon.connect({ name: 'viewer', reconnect: true });
    const isSlow = random.next() < 0.5;
    let last: number | undefined;
    const subscription = await client.subscribe(session.id, {
      from: random.pick(['start', 'now'] as const),
      mode: 'viewer',
      viewport: { cols: random.integer(20, 200), rows: random.integer(5, 60) },
      onData: (bytes, offset) => {
        if (last !== undefined && offset !== last)
          world.tally.loss('output lost', `a viewer got ${offset} after ${last}`);
        last = offset + bytes.length;
        return !isSlow;
      },
      onResync: ({ offset }) => {
        last = offset;
      },
    });
    for (let look = random.integer(1, 5); look > 0; look -= 1) {
      await passTime(random.integer(10, 300));
      subscription.resume();
    }
    if (random.next() < 0.5) await subscription.close();
    client.close();
  });
}

/** Pages, which reconnect: they get the very bytes that a client of the daemon gets, and what is typed into them arrives once. */
export function pages(world: World): Workload {
  return repeatedly(world, async (random) => {
    const typed = random.next() < 0.5 ? randomBytes(random.integer(1, MEBIBYTE / 4)) : undefined;
    const name = world.newName('page');
    const session = await openOnce(world, name, () =>
      typed
        ? world.daemon.open('slow-digest.py', [typed.length], { name })
        : world.daemon.open('write-and-exit.py', [random.integer(0, 200_000), '0'], { name }),
    );
    world.tally.sessions += 1;
    const output = await world.daemon.record(session);
    if (typed) await output.waitFor('ready;', PATIENCE_MS);
    const page = new PersistentPage(world.host, session.id, typed);
    try {
      await within('the page has everything', page.ended, PATIENCE_MS);
      await output.exited(PATIENCE_MS);
      world.tally.outputBytes += page.offset;
      world.tally.inputBytes += page.done;
      if (page.sha256 !== sha256(output.bytes))
        world.tally.loss('output repeated or changed', `${session.id}: a page has other bytes than a client`);
      if (typed && !output.text.endsWith(`sum ${sha256(typed)};`) && output.gaps.length === 0)
        world.tally.loss('acknowledged input lost or repeated', `${session.id}: typed into a page`);
    } catch (error) {
      if (String(error) !== 'Error: input is in doubt') throw error;
      world.tally.keysInDoubt += 1;
      const client = await world.client();
      await unless('E_EXITED', client.request('kill', { session: session.id }, { timeoutMs: PATIENCE_MS }));
    } finally {
      page.close();
    }
    await forget(world, session);
  });
}

/** A reader that is cut off without a word, again and again, and comes back within its lease. */
export async function resuming(world: World): Promise<Workload> {
  const { daemon, tally } = world;
  const gate = daemon.home.gate();
  const session = await daemon.open('flood.py', [gate.path], { leaseMs: PATIENCE_MS });
  world.residents.push(session);
  let last = 0;
  const reading = repeatedly(world, async (random) => {
    const client = await daemon.connect({ name: 'resuming', reconnect: true });
    try {
      let subscription: Subscription | undefined;
      subscription = await client.subscribe(session.id, {
        from: last,
        mode: 'exact',
        leaseMs: PATIENCE_MS,
        onData: (bytes, offset) => {
          if (offset !== last) tally.loss('output lost', `who came back got ${offset} after ${last}`);
          last = offset + bytes.length;
          tally.outputBytes += bytes.length;
          subscription?.acknowledge(last);
        },
        onGap: ({ reason, from, to }) => {
          if (reason !== 'crash')
            tally.loss('output lost', `${reason}, from ${from} to ${to}, who came back`);
        },
      });
      await passTime(random.integer(20, 500));
    } finally {
      client.close();
    }
  });
  await gate.open();
  return reading;
}

function describe(error: unknown): string {
  return error instanceof HoldfastError ? `${error.code}: ${error.message}` : String(error);
}

/** Opens it, or finds out that it has been opened although the answer was lost. */
async function openOnce(world: World, name: string, open: () => Promise<Session>): Promise<Session> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'E_DISCONNECTED') throw error;
    const { sessions } = await (await world.client()).request('list', {}, { timeoutMs: PATIENCE_MS });
    return sessions.find((session) => session.name === name) ?? (await open());
  }
}

async function forget(world: World, { id }: Session): Promise<void> {
  await unless('E_DISCONNECTED', (await world.client()).request('forget', { session: id }));
}

/** Rejects with any other error. */
async function unless(code: ErrorCode, request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!(error instanceof HoldfastError) || error.code !== code) throw error;
  });
}

function compare(world: World, { id }: Session, output: Recording, expected: Buffer): void {
  const { tally } = world;
  tally.outputBytes += output.bytes.length;
  for (const { reason, from } of output.gaps)
    if (reason !== 'crash') tally.loss('output lost', `${id}: ${reason} at ${from}`);
  const marks = output.gaps.map(({ from }) => from);
  try {
    tallyMissing(world, id, missingAtMarks(expected, output.bytes, marks));
  } catch (error) {
    tally.loss(
      'output repeated or changed',
      `${id}, marks at ${marks.join(' ')} of ${output.bytes.length}: ${String(error)}`,
    );
  }
}

function tallyMissing({ tally }: World, what: string, missing: readonly number[]): void {
  tally.missing(missing);
  for (const bytes of missing) {
    if (bytes > AT_RISK_BYTES) tally.loss('output lost', `${what}: ${bytes} bytes at a mark`);
    if (bytes < 0) tally.loss('output repeated or changed', `${what}: ${-bytes} bytes at a mark`);
  }
}

/** What write-and-exit.py writes. */
function numberedBlocks(byteCount: number): Buffer {
  const blocks = Array.from({ length: Math.floor(byteCount / 8) + 1 }, (_, block) =>
    String(block).padStart(8, '0'),
  );
  return Buffer.from(blocks.join('').slice(0, byteCount));
}
