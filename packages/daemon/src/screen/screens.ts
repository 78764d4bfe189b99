import type { Worker } from 'node:worker_threads';
import { close, duplicate, type Reactor, type Timer } from '@holdfast/posix';
import { BUILD, HoldfastError } from '@holdfast/protocol';
import type { Log } from '../log.ts';
import type {
  AnswersRequest,
  Asked,
  Followed,
  FollowRequest,
  FromScreenWorker,
  HistorySource,
  ScreenedSession,
  ScreenRequest,
  ScreenView,
  ToScreenWorker,
} from './messages.ts';
import type { WorkerProgram } from './worker-program.ts';

/** Captures that wait for their turn: more than ever look at once, and each takes some milliseconds. */
const WAITING = 1_024;
/** A screen takes milliseconds, and a second after the worst of floods: after this the worker is taken for lost. A client waits for 10 s. */
const ANSWER_MS = 8_000;
/** A worker that nobody asks is ended after this: it has 15 MiB, and some for each screen. */
const IDLE_MS = 60_000;
/** Beyond it the worker is ended, and nothing else. Cells are not in it: SessionScreens limits those. */
const HEAP_MB = 256;

type Wanted =
  | Omit<ScreenRequest, 'session'>
  | Omit<AnswersRequest, 'session'>
  | Omit<FollowRequest, 'session'>;
type Made = Exclude<FromScreenWorker, { readonly build: string } | { readonly error: unknown }>;

interface Waiting {
  readonly of: () => ScreenedSession;
  readonly wanted: Wanted;
  resolve(made: Made): void;
  reject(error: HoldfastError): void;
}

interface InHand extends Waiting {
  readonly timer: Timer;
  /** Closes what was opened for it. */
  readonly release: () => void;
}

export interface ScreensSurroundings {
  readonly reactor: Pick<Reactor, 'after'>;
  readonly log: Log;
  readonly program: Pick<WorkerProgram, 'read'>;
}

/**
 * The screens of sessions. They are made in a thread of their own, which is started when the first one is wanted and ended when none was
 * for a while. It holds no descriptor but while it reads a history, and nobody waits for it but those who have asked.
 */
export class Screens {
  readonly #surroundings: ScreensSurroundings;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #isReady = false;
  #isCapturesTurn = false;
  #inHand: InHand | undefined;
  #boot: Timer | undefined;
  #idle: Timer | undefined;

  constructor(surroundings: ScreensSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The result of `capture`, as JSON in UTF-8. `of` tells of the session when it is its turn. Rejects with HoldfastError. */
  async capture(of: () => ScreenedSession, view: ScreenView): Promise<Uint8Array> {
    if (this.#waiting.filter(({ wanted }) => 'view' in wanted).length >= WAITING)
      throw new HoldfastError('E_LIMIT', `${WAITING} captures are waiting already`);
    const made = await this.#made(of, { view });
    if ('json' in made) return made.json;
    throw new HoldfastError('E_INTERNAL', 'answers came instead of a screen');
  }

  /**
   * What a terminal answers that has been shown the output up to each query. Before captures, since a program waits for them, but not twice in
   * a row if one waits. Each session asks once at a time. Rejects with HoldfastError.
   */
  async answers(of: () => ScreenedSession, asked: Asked): Promise<readonly string[]> {
    const made = await this.#made(of, { asked });
    if ('answers' in made) return made.answers;
    throw new HoldfastError('E_INTERNAL', 'a screen came instead of answers');
  }

  /** Shows a screen that nobody looks at what has come, when nobody waits for another. Each session asks once at a time. Rejects with HoldfastError. */
  async follow(of: () => ScreenedSession, follow: FollowRequest['follow']): Promise<Followed> {
    const made = await this.#made(of, { follow });
    if ('followed' in made) return made.followed;
    throw new HoldfastError('E_INTERNAL', 'a screen came that nobody looks at');
  }

  #made(of: () => ScreenedSession, wanted: Wanted): Promise<Made> {
    return new Promise<Made>((resolve, reject) => {
      const turn = turnOf(wanted);
      const place = this.#waiting.findIndex((other) => turnOf(other.wanted) > turn);
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, { of, wanted, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#inHand) return;
    if (this.#waiting.length === 0) return this.#becomeIdle();
    this.#idle?.cancel();
    if (!this.#worker) return this.#start();
    if (!this.#isReady) return;
    const next = this.#takeNext();
    if (!next) return;
    try {
      this.#ask(this.#worker, next);
    } catch (error) {
      next.reject(asFailure(error));
      this.#next();
    }
  }

  /** After answers it is a capture's turn, however many answers wait: a program that asks without end would leave nobody a screen. */
  #takeNext(): Waiting | undefined {
    const capture = this.#isCapturesTurn ? this.#waiting.findIndex(({ wanted }) => 'view' in wanted) : 0;
    const [next] = this.#waiting.splice(Math.max(0, capture), 1);
    this.#isCapturesTurn = next !== undefined && 'asked' in next.wanted;
    return next;
  }

  #ask(worker: Worker, next: Waiting): void {
    const { session, release } = lent(next.of());
    const timer = this.#surroundings.reactor.after(ANSWER_MS, () => {
      this.#failed(worker, late('no screen was made'));
    });
    this.#inHand = { ...next, timer, release };
    const request: ToScreenWorker = { session, ...next.wanted };
    worker.postMessage(request, []);
  }

  #start(): void {
    const { log, program, reactor } = this.#surroundings;
    let worker: Worker;
    try {
      // Its own standard streams: what it would print goes nowhere.
      const streams = { stdin: false, stdout: true, stderr: true };
      const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
      const options = { eval: true, name: 'screens', env: {}, execArgv: [], resourceLimits, ...streams };
      // Only here: it takes 400 KB, and most daemons are asked for no screen.
      const threads = process.getBuiltinModule('node:worker_threads');
      worker = new threads.Worker(program.read(), options);
    } catch (error) {
      log('screens.not-started', { error: String(error) });
      return this.#fail(asFailure(error));
    }
    this.#worker = worker;
    this.#isReady = false;
    this.#boot = reactor.after(ANSWER_MS, () => this.#failed(worker, late('the screens did not start')));
    worker.on('message', (message: FromScreenWorker) => this.#heard(worker, message));
    worker.on('error', (error) => this.#failed(worker, asFailure(error)));
    worker.on('exit', () => this.#failed(worker, new HoldfastError('E_INTERNAL', 'the screens have ended')));
  }

  #heard(worker: Worker, message: FromScreenWorker): void {
    if (worker !== this.#worker) return;
    if ('build' in message) {
      if (message.build !== BUILD) {
        const why = `the file beside the daemon is of build ${message.build}, and the daemon is ${BUILD}`;
        return this.#failed(worker, new HoldfastError('E_INTERNAL', why));
      }
      this.#isReady = true;
      this.#boot?.cancel();
    } else {
      const asked = this.#take();
      if ('error' in message) asked?.reject(new HoldfastError(message.error.code, message.error.message));
      else asked?.resolve(message);
    }
    this.#next();
  }

  /** What it had in hand has failed; the others get another worker. One that never was ready fails all. */
  #failed(worker: Worker, why: HoldfastError): void {
    if (worker !== this.#worker) return;
    this.#surroundings.log('screens.failed', { error: why.message });
    const wasReady = this.#isReady;
    this.#end();
    this.#take()?.reject(why);
    if (wasReady) this.#next();
    else this.#fail(why);
  }

  #fail(why: HoldfastError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(why);
  }

  #take(): InHand | undefined {
    const inHand = this.#inHand;
    this.#inHand = undefined;
    inHand?.timer.cancel();
    inHand?.release();
    return inHand;
  }

  #becomeIdle(): void {
    if (!this.#worker) return;
    this.#idle?.cancel();
    this.#idle = this.#surroundings.reactor.after(IDLE_MS, () => this.#letGo());
  }

  /** It ends by itself when it has saved what it has; whoever asks meanwhile gets another one. */
  #letGo(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    if (!worker) return;
    const last: ToScreenWorker = 'end';
    worker.postMessage(last, []);
    const timer = this.#surroundings.reactor.after(ANSWER_MS, () => void worker.terminate());
    worker.on('exit', () => timer.cancel());
  }

  #end(): void {
    this.#idle?.cancel();
    this.#boot?.cancel();
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#isReady = false;
  }
}

/**
 * What is waited for comes first: by a program, and then by who looks. A screen that nobody looks at is gone on with before another one is
 * begun with: else each piece would be of a screen that had to make room since the last.
 */
function turnOf(wanted: Wanted): number {
  if ('asked' in wanted) return 0;
  if ('view' in wanted) return 1;
  return wanted.follow.goesOn ? 2 : 3;
}

/** With descriptors of its own for a history that has no files: the session's may be closed, and their numbers be others', at any time. */
function lent(session: ScreenedSession): { session: ScreenedSession; release: () => void } {
  const { history } = session;
  if ('folder' in history) return { session, release: () => undefined };
  const opened: number[] = [];
  const release = () => {
    for (const fd of opened.splice(0)) close(fd);
  };
  const again = (fd: number): number => {
    const own = duplicate(fd);
    opened.push(own);
    return own;
  };
  try {
    const { ledger, marks, ring } = history;
    const source: HistorySource = { ledger: again(ledger), marks: again(marks), ring: again(ring) };
    return { session: { ...session, history: source }, release };
  } catch (error) {
    release();
    throw error;
  }
}

function late(what: string): HoldfastError {
  return new HoldfastError('E_TIMEOUT', `${what} within ${ANSWER_MS} ms`);
}

function asFailure(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError('E_INTERNAL', `no screen can be made: ${String(error)}`, { cause: error });
}
