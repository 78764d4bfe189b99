import { openSync, readFileSync } from 'node:fs';

/** Where a test can make a daemon fail. */
export const TEST_POINTS = [
  'successor.loaded',
  'successor.prepared',
  'successor.received',
  'successor.adopted',
  'successor.committed',
  'successor.serving',
  'predecessor.snapshot',
  'predecessor.sent',
  'predecessor.commit',
  'predecessor.committed',
  'predecessor.late',
  'daemon.starting',
  'daemon.rebuilding',
  'daemon.restoring',
  'daemon.typed',
] as const;
export type TestPoint = (typeof TEST_POINTS)[number];

/** Looked up once: some points are passed for every key. */
const file = process.env.HOLDFAST_TEST_POINTS;

/**
 * Does at a named point what a test asks for by the file that HOLDFAST_TEST_POINTS names: a JSON object of points and what
 * shall happen there, `exit`, `kill`, `stop`, `throw`, `descriptors` (none is left from then on), or a number of
 * milliseconds to stand still. A point that is passed once for each session can be asked for with the session's id behind
 * it. Inert without that variable.
 */
export function testPoint(point: TestPoint, sessionId?: string): void {
  if (file === undefined) return;
  const points = readWanted(file);
  const wanted = points[point] ?? points[`${point} ${sessionId}`];
  if (wanted === 'exit') process.exit(70);
  if (wanted === 'kill') process.kill(process.pid, 'SIGKILL');
  if (wanted === 'stop') process.kill(process.pid, 'SIGSTOP');
  if (wanted === 'throw') throw new Error(`the test wants ${point} to fail`);
  if (wanted === 'descriptors') openAll();
  if (typeof wanted === 'number') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wanted);
}

function openAll(): void {
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    // EMFILE: that was the last one.
  }
}

function readWanted(file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
