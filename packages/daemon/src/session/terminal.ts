import {
  close,
  DONE,
  EDGE,
  endOfFileCharacter,
  exitStatusByPidfd,
  exitStatusOfZombie,
  foregroundProcessGroup,
  isErrno,
  openPidfd,
  READABLE,
  type Reactor,
  readAt,
  sendSignal,
  setWindowSize,
  startTimeOf,
  exitStatusOfChild,
  type TerminalSize,
  terminalDevice,
  type Watch,
  WOULD_BLOCK,
  WRITABLE,
  write,
} from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS } from '@holdfast/protocol';
import type { History } from '../history/history.ts';
import { AT_RISK_BYTES } from '../history/ring.ts';
import type { InputQueue } from './input-queue.ts';
import type { Launched } from './launch.ts';

/** Reads of one terminal before others get their turn. */
const READS_PER_TURN = 16;
/** A read that gave less than this has most likely emptied the kernel's buffer: not worth a further call to find out. */
const SHORT_READ_BYTES = 1024;

export interface TerminalEvents {
  /** There may be output, or the terminal was hung up. */
  readable(): void;
  /** The program has ended; its status can be taken. Never called without a pidfd. */
  programEnded(): void;
}

/** An end of input that waits for room. */
interface Ending {
  /** How many are still to be typed. */
  characters: number;
  /** The first of two was typed, and the second was not. */
  readonly lineEnded: () => void;
  readonly typed: (isTyped: boolean) => void;
}

/** The master end of a running session's pseudo-terminal, and the descriptor of its program. */
export class Terminal {
  readonly #program: Launched;
  readonly #watch: Watch;
  readonly #pidfd: { readonly fd: number; readonly watch: Watch } | undefined;
  readonly #input: InputQueue;
  /** Nothing may be read now. */
  #isHeld = false;
  /** The terminal takes no input now. */
  #isInputBlocked = false;
  /** End-of-file characters for which it had no room yet; they come before what is in the queue by now. */
  readonly #endings: Ending[] = [];
  #isOwnChild = false;
  /** No program has it open; it may be opened again as long as the program lives. */
  #isHungUp = false;

  constructor(
    program: Launched,
    input: InputQueue,
    { reactor, usePidfd, events }: { reactor: Reactor; usePidfd: boolean; events: TerminalEvents },
  ) {
    this.#program = program;
    this.#input = input;
    this.#watch = reactor.watch(program.master, READABLE, (ready) => {
      if (ready & WRITABLE && this.#isInputBlocked) {
        this.#isInputBlocked = false;
        this.writeInput();
      }
      if (ready & READABLE && !this.#isHeld) events.readable();
      return ready === READABLE && !this.#isHungUp ? DONE : undefined;
    });
    const fd = program.pidfd === undefined && usePidfd ? openPidfd(program.pid) : program.pidfd;
    if (fd === undefined || fd === null) return;
    // Once when it has ended, and once when somebody has waited for it, if that is not for us to do.
    const watch = reactor.watch(fd, READABLE | EDGE, () => events.programEnded());
    this.#pidfd = { fd, watch };
  }

  /** Whether the program's end is told. Else it must be asked for: no pidfds here, or no descriptor was left for one. */
  get tellsEnd(): boolean {
    return this.#pidfd !== undefined;
  }

  /**
   * Reads what is there into the history, up to offset `limit` and for one turn at most. True if nothing is left to read
   * now: the kernel's buffer is empty, or the terminal is hung up.
   */
  readInto(history: History, limit: number): boolean {
    for (let reads = 0; reads < READS_PER_TURN && history.end < limit; reads += 1) {
      const count = this.#readOnce(history, Math.min(AT_RISK_BYTES, limit - history.end));
      if (count <= 0) return true;
      history.append(count);
      if (count < SHORT_READ_BYTES) break;
    }
    return false;
  }

  /** Whether output may be read. While it may not, nothing is reported, not even a hang-up: it would be, again and again. */
  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    this.#updateInterest();
  }

  /** Hands queued input to the terminal, as far as it takes it. Throws PosixError for what should not happen. */
  writeInput(): void {
    if (this.#isInputBlocked) return;
    this.#isInputBlocked = !this.#writeEndings() || this.#input.writeTo(this.#program.master) === 'blocked';
    this.#updateInterest();
  }

  /**
   * Types the end-of-file character if the terminal is in canonical mode, twice to get past an unfinished line: at once, or
   * as soon as there is room for it; `lineEnded` is called when the second one has to wait. Resolves with whether that was
   * done; false if the terminal is closed, or nobody has it open.
   * Rejects with HoldfastError(E_LIMIT) if too many wait already.
   */
  typeEndOfFile(midLine: boolean, lineEnded: () => void): Promise<boolean> {
    if (this.#endings.length >= LIMITS.inputStreamsPerSession) {
      const why = `${this.#endings.length} ends of input wait for this terminal already`;
      return Promise.reject(new HoldfastError('E_LIMIT', why));
    }
    return new Promise((typed) => {
      this.#endings.push({ characters: midLine ? 2 : 1, lineEnded, typed });
      this.writeInput();
    });
  }

  /** What a successor needs to go on. */
  get program(): Required<Launched> {
    return { ...this.#program, pidfd: this.#pidfd?.fd ?? null };
  }

  /**
   * The exit status; `running` while there is none to be had, `unknown` if it has ended and somebody else must tell. The
   * start time tells the program from a later one.
   */
  exit(startTime: number): Exit | 'running' | 'unknown' {
    const { pid } = this.#program;
    const status = exitStatusOfChild(pid);
    this.#isOwnChild = status !== 'unknown';
    if (status !== 'unknown') return status;
    // It is not our child: a daemon before this one has started it.
    if (!this.#pidfd) return isRunning(pid, startTime) ? 'running' : 'unknown';
    const told = exitStatusByPidfd(this.#pidfd.fd);
    // Whoever has inherited it may never wait for it.
    return told === 'running' ? (exitStatusOfZombie(pid, startTime) ?? 'running') : told;
  }

  /** `exit` has told of a child of this process: it stays a zombie until somebody waits for it. */
  get isOwnChild(): boolean {
    return this.#isOwnChild;
  }

  resize(size: TerminalSize): void {
    setWindowSize(this.#program.master, size);
  }

  get foregroundProcessGroup(): number | undefined {
    return foregroundProcessGroup(this.#program.master);
  }

  /** Sends a signal to the foreground process group, or the program itself if there is none. */
  signal(signal: number): void {
    const { pid } = this.#program;
    if (!sendSignal(-(this.foregroundProcessGroup ?? pid), signal)) sendSignal(pid, signal);
  }

  /** The device number that its processes show; 0 if it can't be known. */
  async device(): Promise<number> {
    return terminalDevice(this.#program.slavePath).catch(() => 0);
  }

  /** Closes the master, which hangs up whatever still uses the terminal. */
  close(): void {
    for (const { typed } of this.#endings.splice(0)) typed(false);
    this.#watch.close();
    close(this.#program.master);
    if (!this.#pidfd) return;
    this.#pidfd.watch.close();
    close(this.#pidfd.fd);
  }

  /** True if none is left; false if the terminal has no room for more. */
  #writeEndings(): boolean {
    for (let ending = this.#endings[0]; ending; ending = this.#endings[0]) {
      const count = this.#writeEnding(ending.characters);
      if (count === WOULD_BLOCK) return false;
      ending.characters -= Math.max(0, count);
      if (count > 0 && ending.characters > 0) {
        ending.lineEnded();
        continue;
      }
      this.#endings.shift();
      ending.typed(count > 0);
    }
    return true;
  }

  /** Characters typed: 0 if there is no end of file, since the terminal is not in canonical mode, or hung up. */
  #writeEnding(characters: number): number {
    const character = endOfFileCharacter(this.#program.master);
    if (character === undefined) return 0;
    try {
      return write(this.#program.master, Buffer.alloc(characters, character));
    } catch (error) {
      if (isErrno(error, 'EIO')) return 0;
      throw error;
    }
  }

  /** Bytes read; not positive if there are none now. */
  #readOnce(history: History, length: number): number {
    try {
      const count = readAt(this.#program.master, history.writeAddress, length);
      this.#setHungUp(false);
      return count;
    } catch (error) {
      // What Linux says when no program has the terminal open.
      if (!isErrno(error, 'EIO')) throw error;
      this.#setHungUp(true);
      return 0;
    }
  }

  #setHungUp(isHungUp: boolean): void {
    if (isHungUp === this.#isHungUp) return;
    this.#isHungUp = isHungUp;
    this.#updateInterest();
  }

  #updateInterest(): void {
    let interest = this.#isHeld ? 0 : READABLE;
    if (this.#isInputBlocked) interest |= WRITABLE;
    // A hang-up lasts: it is to be reported once, and then the next change. While nothing is read it may go unnoticed.
    if (interest !== 0 && (this.#isHungUp || this.#isHeld)) interest |= EDGE;
    this.#watch.interest = interest;
  }
}

/** Whether the process that began then is there; where one of the two times is not to be had, whether any is with that pid. */
function isRunning(pid: number, startTime: number): boolean {
  try {
    if (!sendSignal(pid, 0)) return false;
  } catch {
    // EPERM: it is there, as another user.
  }
  const found = startTimeOf(pid);
  return found === startTime || found === 0 || startTime === 0;
}
