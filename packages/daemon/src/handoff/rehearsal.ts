import { close, duplicate, openPidfd, read, setNonBlocking, socketPair, write } from '@holdfast/posix';
import { encodeAck, encodeData, FRAME, LIMITS, PROTOCOLS } from '@holdfast/protocol';
import { History } from '../history/history.ts';
import type { SuspendedSession } from '../session/suspended-session.ts';
import { OutgoingLuggage } from './luggage.ts';
import type { Snapshot } from './snapshot.ts';
import { sample } from './warm-up.ts';

/** Enough for everything that is called for each session to have been called a few times. */
const SESSIONS = 10;
const ROUNDS = 100;
/** More than a rehearsal opens. */
const DESCRIPTORS = 160;
/** What each program prints in a round. In all less than half of its history: no screen is to be shown it. */
const OUTPUT = Buffer.alloc(300, 'a line of output\r\n');
const TYPED = Buffer.from('x');
const STREAM = '0'.repeat(32);
const CHANNEL = { output: 1, input: 2 } as const;

/**
 * Has a daemon take over sessions and a client that are none, and pass bytes between them, while the predecessor still
 * serves. Code that runs for the first time takes many times as long, and after the snapshot everybody waits for it: 10 ms
 * with one session. `takeOver` takes up the snapshot, serves, and returns what ends that. Socket pairs stand for terminals
 * and client. Returns how many bytes the client was sent. Throws PosixError where descriptors are short.
 */
export async function rehearse(
  takeOver: (snapshot: Snapshot, fds: readonly number[]) => () => void,
): Promise<number> {
  reserveDescriptors();
  const stage = new Stage();
  try {
    const end = takeOver(stage.snapshot, stage.luggage.fds);
    try {
      return await stage.play();
    } finally {
      end();
    }
  } finally {
    stage.dispose();
  }
}

/** Throws PosixError if there is no room for a rehearsal: it would break off anywhere, with some descriptors nobody's. */
function reserveDescriptors(): void {
  const reserved: number[] = [];
  try {
    while (reserved.length < DESCRIPTORS) reserved.push(duplicate(0));
  } finally {
    reserved.forEach(close);
  }
}

/** A client and the programs of some sessions, seen from outside. */
class Stage {
  readonly luggage = new OutgoingLuggage(true);
  readonly snapshot: Snapshot;
  readonly #opened: number[] = [];
  readonly #histories: History[] = [];
  readonly #client: number;
  readonly #programs: number[] = [];

  constructor() {
    try {
      this.#client = this.#pair();
      const socket = this.luggage.fds.length - 1;
      this.#pair();
      const listener = this.luggage.fds.length - 1;
      const [connection] = sample.connections;
      if (!connection) throw new Error('the sample has no connection');
      this.snapshot = {
        ...sample,
        listener,
        lock: listener,
        sessions: Array.from({ length: SESSIONS }, (_, index) => ({
          firstFd: 0,
          session: this.#session(index),
        })),
        connections: [
          {
            ...connection,
            socket,
            protocol: Math.max(...PROTOCOLS),
            received: { at: 0, length: 0 },
            unsent: { at: 0, length: 0 },
            inputs: [{ channel: CHANNEL.input, session: idOf(0), stream: STREAM }],
            requests: [],
          },
        ],
      };
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Programs print, the client takes it and types. */
  async play(): Promise<number> {
    const taken = Buffer.alloc(LIMITS.dataFrameBytes);
    let printed = 0;
    let takenBytes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const program of this.#programs) write(program, OUTPUT);
      printed += OUTPUT.length;
      write(
        this.#client,
        encodeData({ type: FRAME.INPUT, channel: CHANNEL.input, offset: round, bytes: TYPED }),
      );
      // A turn of the daemon's loop, which never waits while something of ours is due.
      await new Promise((resolve) => setImmediate(resolve));
      takenBytes += Math.max(0, read(this.#client, taken, 0, taken.length));
      for (const program of this.#programs) read(program, taken, 0, taken.length);
      write(this.#client, encodeAck({ type: FRAME.OUTPUT_ACK, channel: CHANNEL.output, offset: printed }));
    }
    return takenBytes;
  }

  dispose(): void {
    for (const history of this.#histories) history.close();
    this.#opened.forEach(close);
  }

  /** Two sockets: one is handed over, the other is returned. */
  #pair(): number {
    const [ours, theirs] = socketPair('stream');
    this.#opened.push(ours, theirs);
    for (const fd of [ours, theirs]) setNonBlocking(fd);
    this.luggage.add(theirs);
    return ours;
  }

  #session(index: number): SuspendedSession {
    const session = sample.sessions[0]?.session;
    const [subscription] = session?.subscriptions ?? [];
    if (!session || !subscription) throw new Error('the sample has no session');
    const history = History.withoutFiles(LIMITS.historyBytesMin);
    this.#histories.push(history);
    this.#programs.push(this.#pair());
    const master = this.luggage.fds.length - 1;
    const { pid } = process;
    const pidfd = openPidfd(pid);
    if (pidfd !== undefined) this.#opened.push(pidfd);
    // The daemon's to close, with the history.
    const share = (fd: number | undefined) => this.luggage.add(duplicate(fd ?? -1));
    return {
      ...session,
      state: {
        ...session.state,
        id: idOf(index),
        name: idOf(index),
        pid,
        startTime: 0,
        exit: null,
        exitedAt: null,
      },
      program: {
        pid,
        slavePath: '/dev/null',
        master,
        pidfd: pidfd === undefined ? null : this.luggage.add(pidfd),
      },
      ended: null,
      kill: null,
      // Nobody is to be asked for a screen.
      queries: [],
      anonymousHistory: {
        ledger: share(history.descriptors?.ledger),
        marks: share(history.descriptors?.marks),
        ring: share(history.descriptors?.ring),
        capacity: history.capacity,
      },
      input: { streams: [{ key: STREAM, slot: 0, received: 0, done: 0 }], queue: [] },
      orphanLeases: [],
      subscriptions:
        index === 0
          ? [
              {
                ...subscription,
                connection: 0,
                channel: CHANNEL.output,
                mode: 'exact',
                cursor: 0,
                lease: { offset: 0, leaseMs: LIMITS.leaseMsDefault, idleForMs: null, hasExpired: false },
                notices: [],
              },
            ]
          : [],
    };
  }
}

function idOf(index: number): string {
  return index.toString(16).padStart(12, '0');
}
