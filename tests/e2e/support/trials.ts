import type { ErrorCode } from '@holdfast/protocol';
import { program, pythonPath } from '@holdfast/testkit';
import type { Points, Target } from './upgrades.ts';

/** One way to make an upgrade fail, or not even that. */
export interface Trial {
  readonly points?: Points;
  /** What is started instead of a daemon, or asked for besides. */
  readonly target?: Partial<Target>;
  /** A limit of the predecessor's, as `prlimit` takes it, while it makes its snapshot. */
  readonly limit?: string;
  /** For how long the successor may take to be ready, in milliseconds. */
  readonly readyMs?: number;
  /** How it fails; `none` = it must go well; `any` = either. */
  readonly code: ErrorCode | 'none' | 'any';
  /** A part of the reason. */
  readonly reason?: string;
}

/** A program that is no daemon, and behaves as one in some respects; see tests/programs/fake-successor.py. */
export function fake(mode: string): Target {
  const [, , entry = ''] = program('fake-successor.py');
  return { node: pythonPath(), execArgv: ['-SEB', '-X', `mode=${mode}`], entry };
}

const REFUSED = 'E_UPGRADE_REFUSED';
const START = 'E_UPGRADE_START';
const TIMEOUT = 'E_UPGRADE_TIMEOUT';
const UNREADABLE = 'E_UPGRADE_UNREADABLE';
const WRONG_BUILD = { expect: { version: '9.9.9', build: 'ffffffffffff' } };

/** Programs that are no daemon, from one that says nothing sensible to one that goes wrong last. */
export const FAKES: readonly Trial[] = [
  { target: fake('garbage'), code: START, reason: 'what is no message' },
  { target: fake('words'), code: START, reason: 'code 3: the fake daemon is out of order' },
  { target: fake('early'), code: START, reason: '"serving" before it was ready' },
  { target: fake('future'), code: UNREADABLE, reason: 'schema 99' },
  { target: fake('mute'), code: UNREADABLE, reason: 'protocol 1' },
  { target: fake('deaf'), code: REFUSED, reason: 'code 4: it has not looked at the snapshot' },
  { target: fake('leaves'), code: REFUSED, reason: 'it has looked at the snapshot' },
  { target: fake('refuses'), code: REFUSED, reason: 'the fake daemon has no room' },
  { target: fake('hasty'), code: REFUSED, reason: '"serving" instead of "adopted"' },
  { target: fake('babbles'), code: REFUSED, reason: 'not a hand-over message' },
  { target: fake('silent'), code: TIMEOUT, reason: 'did not adopt the sessions' },
  { target: fake('changes-its-mind'), code: TIMEOUT, reason: 'did not serve' },
  { target: fake('babbles-committed'), code: TIMEOUT, reason: 'did not serve' },
  { target: fake('dies-committed'), code: TIMEOUT, reason: 'did not serve' },
];

/** One failure at each step, and one by each cause: what there is time for whenever tests run. */
export const SHORT_TRIALS: readonly Trial[] = [
  { points: { 'successor.loaded': 'throw' }, code: START, reason: 'the test wants successor.loaded to fail' },
  { target: WRONG_BUILD, code: 'E_UPGRADE_UNEXPECTED', reason: '9.9.9' },
  { points: { 'successor.prepared': 'exit' }, code: START, reason: 'code 70' },
  { limit: '--nofile=3:', code: REFUSED, reason: 'EMFILE' },
  { limit: '--fsize=0:', code: REFUSED, reason: 'EFBIG' },
  { points: { 'predecessor.sent': 'throw' }, code: REFUSED, reason: 'predecessor.sent' },
  { points: { 'successor.received': 'stop' }, code: TIMEOUT, reason: 'did not adopt' },
  { points: { 'successor.adopted': 'throw' }, code: REFUSED, reason: 'successor.adopted' },
  { points: { 'predecessor.commit': 'throw' }, code: REFUSED, reason: 'predecessor.commit' },
  {
    points: { 'predecessor.committed': 'throw', 'successor.committed': 'stop' },
    code: REFUSED,
    reason: 'predecessor.committed',
  },
  { points: { 'successor.committed': 'kill' }, code: TIMEOUT, reason: 'did not serve' },
];

/** Where there is no room in the home, at the steps after which somebody writes there. */
export const FULL_DISK_TRIALS: readonly Trial[] = [
  { code: 'none' },
  { points: { 'successor.prepared': 'throw' }, code: REFUSED, reason: 'successor.prepared' },
  { points: { 'successor.adopted': 'throw' }, code: REFUSED, reason: 'successor.adopted' },
  { points: { 'successor.committed': 'kill' }, code: TIMEOUT, reason: 'did not serve' },
];

/** Every step of a hand-over, and every way in which it can fail there but by the predecessor's death. */
export const TRIALS: readonly Trial[] = [
  ...SHORT_TRIALS,
  ...FAKES,
  { points: { 'successor.loaded': 'exit' }, code: START, reason: 'code 70' },
  { points: { 'successor.loaded': 'kill' }, code: START, reason: 'SIGKILL' },
  { points: { 'successor.loaded': 'stop' }, readyMs: 1_500, code: TIMEOUT, reason: 'was not ready' },
  { points: { 'successor.loaded': 'descriptors' }, code: START, reason: 'EMFILE' },
  { points: { 'successor.prepared': 'kill' }, code: START, reason: 'SIGKILL' },
  { points: { 'successor.prepared': 'stop' }, readyMs: 1_500, code: TIMEOUT, reason: 'was not ready' },
  { points: { 'successor.prepared': 'throw' }, code: REFUSED, reason: 'successor.prepared' },
  { points: { 'successor.prepared': 'descriptors' }, code: REFUSED, reason: 'EMFILE' },
  { points: { 'predecessor.snapshot': 'throw' }, code: REFUSED, reason: 'predecessor.snapshot' },
  { points: { 'successor.received': 'exit' }, code: REFUSED, reason: 'code 70' },
  { points: { 'successor.received': 'kill' }, code: REFUSED, reason: 'SIGKILL' },
  { points: { 'successor.received': 'throw' }, code: REFUSED, reason: 'successor.received' },
  { points: { 'successor.adopted': 'exit' }, code: REFUSED, reason: 'code 70' },
  { points: { 'successor.adopted': 'kill' }, code: REFUSED, reason: 'SIGKILL' },
  { points: { 'successor.adopted': 'stop' }, code: TIMEOUT, reason: 'did not adopt' },
  { points: { 'successor.committed': 'exit' }, code: TIMEOUT, reason: 'did not serve' },
  { points: { 'successor.committed': 'stop' }, code: TIMEOUT, reason: 'did not serve' },
  { points: { 'successor.committed': 'throw' }, code: TIMEOUT, reason: 'did not serve' },
];

/** What a trial is about, for the name of a test. */
export function nameOf({ points, target, limit }: Trial): string {
  if (limit !== undefined) return `a predecessor under ${limit}`;
  if (points)
    return Object.entries(points)
      .map(([point, what]) => `${what} at ${point}`)
      .join(', ');
  const mode = target?.execArgv?.find((word) => word.startsWith('mode='));
  return mode === undefined ? 'another build than the one asked for' : `a successor with ${mode}`;
}
