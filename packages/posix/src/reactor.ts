import { close, pipe, readAt, writeAt } from './descriptors.ts';
import { check, isErrno, lastError } from './errors.ts';
import { libc } from './libc.ts';
import { defaultLoop } from './libuv.ts';
import { Block } from './memory.ts';
import { isMacOS, platform } from './platform.ts';
import { TurnTimes } from './turn-times.ts';

export const READABLE = 1;
export const WRITABLE = 2;
/** Report a state once when it begins, not as long as it lasts: for a terminal that has been hung up. */
export const EDGE = 4;
/** Between poller and reactor only: it was hung up. */
const HUNG_UP = 8;

/** What a callback returns that has left Node nothing to do soon: no promise that somebody waits for, no stream. */
export const DONE = 'done';

/** Unless it returns DONE, libuv gets its turn before the next wait. */
type Callback<T> = (argument: T) => unknown;

export interface Watch {
  /**
   * READABLE, WRITABLE, or both, and EDGE. With 0 nothing is reported, not even a hang-up; else a hang-up or an error counts
   * as what was asked for. At the EDGE a hang-up is nothing to write for: each attempt in vain would have it reported anew.
   * Setting it once closed does nothing.
   */
  interest: number;
  /** Stops watching. The descriptor stays open: whoever opened it closes it, after this. */
  close(): void;
}

export interface Timer {
  cancel(): void;
}

/** Waits for descriptors. Two of them: epoll on Linux, poll elsewhere. */
interface Poller {
  set(fd: number, previous: number, interest: number): void;
  /** Waits at most `timeoutMs` (-1 = for ever), says when that is over, and reports each ready descriptor; false if there was none. */
  wait(timeoutMs: number, woken: () => void, report: (fd: number, ready: number) => void): boolean;
  dispose(): void;
}

interface Entry {
  readonly fd: number;
  readonly callback: Callback<number>;
  interest: number;
  /** The turn in whose callbacks it was added: what the wait of that turn reports of its number is about another. */
  readonly since: number;
}

interface Due {
  at: number;
  callback: () => void;
}

/** How long to wait at most where libuv can't be asked, in milliseconds: what it has to do is late by as much. */
const BLIND_WAIT_MS = 20;
/** How long libuv is kept waiting, in milliseconds a wait, and for how many waits, if all callbacks were DONE. */
const LINGER_MS = 1;
const LINGER_WAITS = 8;
/** A wait that ends so much later than it should, in milliseconds, was none: the process was stopped, or its machine. */
const STANDSTILL_MS = 1_000;
/** The longest delay of a Node timer. */
const LONGEST_MS = 0x7fff_ffff;

/**
 * The loop that owns the data plane. It takes over the process between start() and stop(): it blocks in the kernel until
 * a descriptor is ready or a timer is due, calls back, and then gives libuv a turn:
 *
 *   libuv:  timers ─ pending ─ poll (at once) ─ immediates ─ closing ─ timers …
 *                                                  `── our turn: how long may we wait? wait, call back
 *
 * So promises, file system callbacks, Node's streams and timers, and `process.on(signal)` work as usual: libuv's backend
 * descriptor is watched too, and libuv is asked each time how long it would wait itself. Without that question, what it has
 * put off until after the immediates (closing a handle, watching a new descriptor) would wait for whatever ends our wait.
 *
 * A turn of libuv takes a tenth of what a key costs, and the key's echo comes meanwhile. So whoever has only moved bytes says
 * DONE, and we wait again at once, for a moment.
 */
export class Reactor {
  readonly #poller: Poller = isMacOS ? new PollPoller() : new EpollPoller();
  readonly #entries = new Map<number, Entry>();
  /** Descriptors that can't be waited for, since they never block: regular files. */
  readonly #alwaysReady = new Set<Entry>();
  /** Latest first: the next one is taken from the end. */
  readonly #timers: Due[] = [];
  #deferred: Callback<void>[] = [];
  /** Every callback of this wait was DONE. */
  #isDone = false;
  /** A pipe to oneself: its write end may be used by any thread. */
  readonly #wakePipe = pipe();
  readonly #wakeBytes = new Block(4096);
  readonly #libuv = defaultLoop();
  /** Keeps libuv's loop alive: a dead one never lets us wait. */
  #alive: NodeJS.Timeout | undefined;
  #running = false;
  #turning = false;
  /** Counts the waits. */
  #turns = 0;
  /** When the last wait ended; 0 before the first. */
  #wokenAt = 0;
  /** When the wait began. */
  #turnEndedAt = 0;
  /** When it should be over. */
  #waitUntil = Number.POSITIVE_INFINITY;

  /** How long it took from the end of each wait to the next one, libuv's turn included. */
  readonly turnTimes: TurnTimes = new TurnTimes();

  /**
   * Called before anything else when the process stood still for so long: stopped by a signal, frozen with its container. Only
   * where that falls into a wait, and the wait ends a second late by it, is it noticed. Timers are not put off by it: see `postpone`.
   */
  onStoodStill: (ms: number) => void = () => {};

  constructor() {
    this.watch(this.#wakePipe.read, READABLE, () =>
      readAt(this.#wakePipe.read, this.#wakeBytes.address, 4096),
    );
    // libuv's turn follows each wait, so there is nothing to do but to have woken up.
    if (this.#libuv) this.watch(this.#libuv.backend, READABLE, () => undefined);
  }

  /** Reports readiness of a descriptor until the watch is closed. One watch a descriptor. */
  watch(fd: number, interest: number, callback: Callback<number>): Watch {
    if (this.#entries.has(fd)) throw new Error(`descriptor ${fd} is already watched`);
    const entry: Entry = { fd, callback, interest: 0, since: this.#turns };
    this.#entries.set(fd, entry);
    try {
      this.#setInterest(entry, interest);
    } catch (error) {
      this.#entries.delete(fd);
      throw error;
    }
    const isOpen = () => this.#entries.get(fd) === entry;
    const set = (wanted: number) => {
      if (isOpen()) this.#setInterest(entry, wanted);
    };
    const stop = () => {
      if (!isOpen()) return;
      this.#entries.delete(fd);
      this.#setInterest(entry, 0);
    };
    return {
      get interest() {
        return entry.interest;
      },
      set interest(wanted) {
        set(wanted);
      },
      close: stop,
    };
  }

  /** Calls back once, `delayMs` milliseconds from now or later. */
  after(delayMs: number, callback: () => void): Timer {
    const due: Due = { at: performance.now() + delayMs, callback };
    const place = this.#placeOf(due.at);
    // The next one of all is what is set and cancelled for each key.
    if (place === this.#timers.length) this.#timers.push(due);
    else this.#timers.splice(place, 0, due);
    return { cancel: () => this.#cancel(due) };
  }

  /** The process stood still for so long: nobody could do what timers wait for, so all of them are due later by as much. */
  postpone(ms: number): void {
    for (const due of this.#timers) due.at += ms;
  }

  /** Calls back at the end of this turn, before the next wait. */
  defer(callback: Callback<void>): void {
    this.#deferred.push(callback);
  }

  /** Ends the wait in progress. */
  wake(): void {
    // A full pipe wakes just as well.
    writeAt(this.#wakePipe.write, this.#wakeBytes.address, 1);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#alive = setInterval(() => undefined, LONGEST_MS);
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  /** Ends after the current turn; what is watched stays so. */
  stop(): void {
    this.#running = false;
    clearInterval(this.#alive);
  }

  /** Frees the reactor's own descriptors. */
  dispose(): void {
    this.stop();
    this.#entries.clear();
    this.#alwaysReady.clear();
    this.#timers.length = 0;
    this.#deferred = [];
    this.#poller.dispose();
    close(this.#wakePipe.read);
    close(this.#wakePipe.write);
  }

  readonly #turn = (): void => {
    this.#turning = false;
    if (!this.#running) return;
    // Queued first: whatever happens in a turn, the loop goes on.
    this.#turning = true;
    const next = setImmediate(this.#turn);
    // Libuv would not wait at all for the sake of our own immediate, so it is asked while that does not count.
    next.unref();
    let now = this.#turnEnds();
    const timeoutMs = this.#timeoutMs(now);
    next.ref();
    let isDone = this.#waitOnce(timeoutMs);
    for (let waits = 0; isDone && waits < LINGER_WAITS; waits += 1) {
      now = this.#turnEnds();
      isDone = this.#waitOnce(Math.min(LINGER_MS, this.#untilTimerMs(now)));
    }
  };

  /** We are about to wait. Returns the time, for whoever needs it as well: each look at the clock is paid for every key. */
  #turnEnds(): number {
    const now = performance.now();
    if (this.#wokenAt > 0) this.turnTimes.note(now - this.#wokenAt);
    this.#turnEndedAt = now;
    return now;
  }

  /** Waits and calls back. Whether something has happened, and all of it is DONE. */
  #waitOnce(timeoutMs: number): boolean {
    this.#turns += 1;
    this.#isDone = true;
    this.#waitUntil = timeoutMs < 0 ? Number.POSITIVE_INFINITY : this.#turnEndedAt + timeoutMs;
    const isWoken = this.#poller.wait(timeoutMs, this.#woken, this.#report);
    if (this.#alwaysReady.size > 0) this.#reportAlwaysReady();
    this.#runTimers();
    while (this.#deferred.length > 0) {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const callback of deferred) this.#call(callback, undefined);
    }
    return isWoken && this.#isDone && this.#running;
  }

  readonly #woken = (): void => {
    const waitsSince = this.#turnEndedAt;
    this.#wokenAt = performance.now();
    if (this.#wokenAt < this.#waitUntil + STANDSTILL_MS) return;
    // When in the wait it began nobody knows: whoever has a right for a while is not to lose any of it.
    const stoodMs = this.#wokenAt - waitsSince;
    this.#call(this.onStoodStill, stoodMs);
  };

  readonly #report = (fd: number, ready: number): void => {
    const entry = this.#entries.get(fd);
    // An earlier callback of this turn may have closed it, lost interest, or opened another under the same number.
    if (!entry || entry.since === this.#turns) return;
    const counts = ready & HUNG_UP && !(entry.interest & EDGE) ? READABLE | WRITABLE : ready;
    const wanted = counts & entry.interest;
    if (wanted !== 0) this.#call(entry.callback, wanted);
  };

  #reportAlwaysReady(): void {
    for (const entry of Array.from(this.#alwaysReady)) {
      if (this.#alwaysReady.has(entry)) this.#call(entry.callback, entry.interest & (READABLE | WRITABLE));
    }
  }

  #timeoutMs(now: number): number {
    if (this.#deferred.length > 0 || this.#alwaysReady.size > 0) return 0;
    const libuvMs = this.#libuv ? this.#libuv.timeoutMs() : BLIND_WAIT_MS;
    if (this.#timers.length === 0) return libuvMs;
    return libuvMs < 0 ? this.#untilTimerMs(now) : Math.min(libuvMs, this.#untilTimerMs(now));
  }

  #untilTimerMs(now: number): number {
    const next = this.#timers.at(-1);
    return next ? Math.min(Math.max(0, Math.ceil(next.at - now)), LONGEST_MS) : LONGEST_MS;
  }

  #runTimers(): void {
    const now = performance.now();
    for (let next = this.#timers.at(-1); next && next.at <= now; next = this.#timers.at(-1)) {
      this.#timers.pop();
      this.#call(next.callback, undefined);
    }
  }

  /** Where a timer for `at` belongs: those of the same time run in the order in which they were set. */
  #placeOf(at: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes it out at once: a lease that is renewed with every acknowledgement must not leave its old timers behind. */
  #cancel(due: Due): void {
    if (this.#timers.at(-1) === due) {
      this.#timers.pop();
      return;
    }
    for (let place = this.#placeOf(due.at); this.#timers[place]?.at === due.at; place += 1) {
      if (this.#timers[place] !== due) continue;
      this.#timers.splice(place, 1);
      return;
    }
  }

  /**
   * An exception in a callback is nobody's but Node's (`uncaughtException`): it must not take along the rest of what this turn
   * has to report, since a state that is reported at its EDGE is reported only once.
   */
  #call<T>(callback: Callback<T>, argument: T): void {
    try {
      if (callback(argument) !== DONE) this.#isDone = false;
    } catch (error) {
      this.#isDone = false;
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #setInterest(entry: Entry, interest: number): void {
    if (interest === entry.interest) return;
    if (this.#alwaysReady.has(entry)) {
      if (interest === 0) this.#alwaysReady.delete(entry);
    } else {
      try {
        this.#poller.set(entry.fd, entry.interest, interest);
      } catch (error) {
        if (!isErrno(error, 'EPERM')) throw error;
        this.#alwaysReady.add(entry);
      }
    }
    entry.interest = interest;
  }
}

/** Linux: epoll_event is packed on x64 only. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const EVENT_DATA_AT = process.arch === 'x64' ? 4 : 8;
const EPOLL = { in: 1, out: 4, error: 8, hangUp: 16, edge: 0x8000_0000, add: 1, remove: 2, modify: 3 };
const EVENTS_PER_WAIT = 256;

class EpollPoller implements Poller {
  readonly #fd = check(libc.epollCreate(platform.open.cloexec), 'epoll_create1');
  readonly #events = new Block(EVENT_BYTES * EVENTS_PER_WAIT);
  readonly #event = new Block(EVENT_BYTES);

  set(fd: number, previous: number, interest: number): void {
    const operation = interest === 0 ? EPOLL.remove : previous === 0 ? EPOLL.add : EPOLL.modify;
    let events = 0;
    if (interest & READABLE) events |= EPOLL.in;
    if (interest & WRITABLE) events |= EPOLL.out;
    if (interest & EDGE) events |= EPOLL.edge;
    this.#event.view.setUint32(0, events >>> 0, true);
    this.#event.view.setUint32(EVENT_DATA_AT, fd, true);
    check(libc.epollCtl(this.#fd, operation, fd, this.#event.bytes), 'epoll_ctl', `on descriptor ${fd}`);
  }

  wait(timeoutMs: number, woken: () => void, report: (fd: number, ready: number) => void): boolean {
    const count = libc.epollWait(this.#fd, this.#events.address, EVENTS_PER_WAIT, timeoutMs);
    const failure = count < 0 ? lastError('epoll_wait') : undefined;
    woken();
    if (failure) {
      if (isErrno(failure, 'EINTR')) return false;
      throw failure;
    }
    const { view } = this.#events;
    for (let index = 0; index < count; index += 1) {
      const at = index * EVENT_BYTES;
      const events = view.getUint32(at, true);
      report(view.getUint32(at + EVENT_DATA_AT, true), readiness(events, EPOLL));
    }
    return count > 0;
  }

  dispose(): void {
    close(this.#fd);
  }
}

const POLL = { in: 1, out: 4, error: 8, hangUp: 16 };
const POLLFD_BYTES = 8;

class PollPoller implements Poller {
  readonly #interests = new Map<number, number>();
  #table = new Block(POLLFD_BYTES * 64);

  set(fd: number, _previous: number, interest: number): void {
    if (interest === 0) this.#interests.delete(fd);
    else this.#interests.set(fd, interest);
  }

  wait(timeoutMs: number, woken: () => void, report: (fd: number, ready: number) => void): boolean {
    const fds = [...this.#interests.keys()];
    if (fds.length * POLLFD_BYTES > this.#table.bytes.length) {
      this.#table = new Block(fds.length * 2 * POLLFD_BYTES);
    }
    const { view } = this.#table;
    for (const [index, fd] of fds.entries()) {
      const interest = this.#interests.get(fd) ?? 0;
      view.setInt32(index * POLLFD_BYTES, fd, true);
      view.setInt16(
        index * POLLFD_BYTES + 4,
        (interest & READABLE ? POLL.in : 0) | (interest & WRITABLE ? POLL.out : 0),
        true,
      );
      view.setInt16(index * POLLFD_BYTES + 6, 0, true);
    }
    const count = libc.poll(this.#table.address, fds.length, timeoutMs);
    const failure = count < 0 ? lastError('poll') : undefined;
    woken();
    if (failure) {
      if (isErrno(failure, 'EINTR')) return false;
      throw failure;
    }
    for (const [index, fd] of fds.entries()) {
      const events = view.getInt16(index * POLLFD_BYTES + 6, true);
      if (events !== 0) report(fd, readiness(events, POLL));
    }
    return count > 0;
  }

  dispose(): void {
    this.#interests.clear();
  }
}

/** Errors and hang-ups are found out by reading, so they count as readiness; errors also by writing. */
function readiness(events: number, bits: { in: number; out: number; error: number; hangUp: number }): number {
  if (events & bits.error) return READABLE | WRITABLE;
  const isHungUp = (events & bits.hangUp) !== 0;
  return (
    (isHungUp || events & bits.in ? READABLE : 0) |
    (events & bits.out ? WRITABLE : 0) |
    (isHungUp ? HUNG_UP : 0)
  );
}
