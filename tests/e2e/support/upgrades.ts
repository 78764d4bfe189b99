import fs from 'node:fs';
import path from 'node:path';
import type { Client } from '@holdfast/client';
import type { RequestParameters, RequestResult, Session } from '@holdfast/protocol';
import {
  commandLine,
  eventually,
  type Installation,
  processState,
  type Recording,
  startDaemon,
  type TestDaemon,
  TestHome,
} from '@holdfast/testkit';

export type Upgraded = RequestResult<'upgrade'>;
export type Target = RequestParameters<'upgrade'>;

/** The same build again. */
export function sameBuild(daemon: TestDaemon): Target {
  return { node: process.execPath, execArgv: [], entry: daemon.home.installation.daemonEntry };
}

/** Replaces the daemon by the same build, asked for by the test's client or another one. */
export async function upgrade(daemon: TestDaemon, by?: Client): Promise<Upgraded> {
  const client = by ?? (await daemon.client());
  return client.request('upgrade', sameBuild(daemon), { timeoutMs: 30_000 });
}

/** What happens at the named points of a hand-over; see packages/daemon/src/test-points.ts. */
export type Points = Readonly<Record<string, 'exit' | 'kill' | 'stop' | 'throw' | 'descriptors' | number>>;

/** More than a test needs, and soon used up where it shall be. */
const OPEN_FILES = 512;

/** A daemon whose hand-overs a test can make fail, or stop, where it likes. */
export interface PointedDaemon extends AsyncDisposable {
  readonly daemon: TestDaemon;
  /** From now on. */
  readonly at: (points: Points) => void;
}

/** In a home of its own unless one is given. */
export async function startWithPoints(installation?: Installation, given?: TestHome): Promise<PointedDaemon> {
  const home = given ?? new TestHome(installation ? { installation } : {});
  const file = path.join(home.scratch('points'), 'points.json');
  const at = (points: Points) => fs.writeFileSync(file, JSON.stringify(points));
  at({});
  const end = async () => {
    if (!given) await home[Symbol.asyncDispose]();
  };
  try {
    const env = { HOLDFAST_TEST_POINTS: file };
    const daemon = await startDaemon({ home, env, openFilesLimit: OPEN_FILES });
    return { daemon, at, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A session that writes numbered lines without end, recorded from its first byte. */
export async function recordFlood(daemon: TestDaemon): Promise<{ flood: Session; output: Recording }> {
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const output = await daemon.record(flood);
  await gate.open();
  return { flood, output };
}

/** Processes that were started to take over, those that do now included. */
export function successors({ home }: TestDaemon): number[] {
  return home.processes.filter((pid) => / adopt --runtime-dir /.test(commandLine(pid)));
}

/** Resolves with the pid of a successor that has stopped itself at a point. */
export function stoppedSuccessor(daemon: TestDaemon): Promise<number> {
  return eventually('a successor that has stopped', () =>
    successors(daemon).find((pid) => processState(pid) === 'T'),
  );
}

/** Masters of pseudo-terminals that a process has open. */
export function mastersOf(pid: number): number {
  return targetsOf(pid).filter((target) => target === '/dev/ptmx' || target === '/dev/pts/ptmx').length;
}

/** What a process's descriptors lead to. */
export function targetsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return fs.readdirSync(folder).flatMap((fd) => {
    try {
      return [fs.readlinkSync(path.join(folder, fd))];
    } catch {
      return []; // closed meanwhile
    }
  });
}
