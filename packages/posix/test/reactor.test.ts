import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  close,
  DONE,
  duplicate,
  EDGE,
  isErrno,
  openPty,
  pipe,
  READABLE,
  Reactor,
  read,
  sendSignal,
  socketPair,
  type Watch,
  WOULD_BLOCK,
  WRITABLE,
  write,
} from '@holdfast/posix';
import { openDescriptors } from './kit/descriptors.ts';
import { elapsed, onReactor } from './kit/on-reactor.ts';
import { Scratch } from './kit/scratch.ts';

const byte = Buffer.from('x');
const scratchBuffer = Buffer.alloc(65_536);

/** A stream of two ends, closed at the end of the scope. */
class Pair {
  readonly [0]: number;
  readonly [1]: number;

  constructor() {
    [this[0], this[1]] = socketPair('stream');
  }

  [Symbol.dispose](): void {
    close(this[0]);
    close(this[1]);
  }
}

function drain(fd: number): number {
  let total = 0;
  for (;;) {
    const count = read(fd, scratchBuffer, 0, scratchBuffer.length);
    if (count === WOULD_BLOCK || count === 0) return total;
    total += count;
  }
}

/** Resolves once libuv had a turn and the reactor another one after it. */
function turn(reactor: Reactor): Promise<void> {
  return new Promise((resolve) => {
    reactor.after(0, () => reactor.after(0, resolve));
  });
}

function alphabetically(one: string, other: string): number {
  return one < other ? -1 : 1;
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

describe('a watch', () => {
  test('reports what the descriptor is ready for, of what was asked for', async () => {
    await onReactor(async (reactor) => {
      using pair = new Pair();
      const seen: number[] = [];
      const watch = reactor.watch(pair[0], READABLE, (ready) => {
        seen.push(ready);
        drain(pair[0]);
      });
      await turn(reactor);
      expect(seen).toEqual([]);
      write(pair[1], byte);
      await turn(reactor);
      expect(seen).toEqual([READABLE]);
      watch.interest = READABLE | WRITABLE;
      expect(watch.interest).toBe(READABLE | WRITABLE);
      write(pair[1], byte);
      await turn(reactor);
      expect(seen[1]).toBe(READABLE | WRITABLE);
      expect(seen.slice(2).every((ready) => ready === WRITABLE)).toBe(true);
      watch.interest = 0;
      const count = seen.length;
      write(pair[1], byte);
      await turn(reactor);
      expect(seen.length).toBe(count);
      watch.interest = READABLE;
      await turn(reactor);
      expect(seen.length).toBe(count + 1);
      watch.close();
    });
  });

  test('reports a hang-up as readiness for what was asked for, and nothing with interest 0', async () => {
    await onReactor(async (reactor) => {
      const [ours, theirs] = socketPair('stream');
      const seen: number[] = [];
      const watch = reactor.watch(ours, 0, (ready) => {
        seen.push(ready);
        watch.interest = 0;
      });
      close(theirs);
      await turn(reactor);
      expect(seen).toEqual([]);
      for (const interest of [READABLE, WRITABLE, READABLE | WRITABLE]) {
        watch.interest = interest;
        await turn(reactor);
        expect(seen.at(-1)).toBe(interest);
      }
      watch.close();
      close(ours);
    });
  });

  test('may close itself and any other in a callback: who is closed hears no more, also of this turn', async () => {
    await onReactor(async (reactor) => {
      using first = new Pair();
      using second = new Pair();
      const heard: string[] = [];
      const watches: Watch[] = [];
      const callback = (name: string) => () => {
        heard.push(name);
        for (const watch of watches) watch.close();
      };
      watches.push(
        reactor.watch(first[0], READABLE, callback('one')),
        reactor.watch(second[0], READABLE, callback('one')),
      );
      write(first[1], byte);
      write(second[1], byte);
      await turn(reactor);
      await turn(reactor);
      expect(heard).toEqual(['one']);
      for (const watch of watches) watch.close();
    });
  });

  test('hears nothing in this turn of what it has just stopped to be interested in', async () => {
    await onReactor(async (reactor) => {
      using first = new Pair();
      using second = new Pair();
      const heard: number[] = [];
      const watches: Watch[] = [];
      const callback = (ready: number) => {
        heard.push(ready);
        for (const watch of watches) watch.interest = 0;
      };
      watches.push(reactor.watch(first[0], READABLE, callback), reactor.watch(second[0], READABLE, callback));
      write(first[1], byte);
      write(second[1], byte);
      await turn(reactor);
      expect(heard).toEqual([READABLE]);
      for (const watch of watches) watch.close();
    });
  });

  test('does not hear of the descriptor that had its number earlier in the same turn', async () => {
    await onReactor(async (reactor) => {
      const pairs = [socketPair('stream'), socketPair('stream')];
      const heard: string[] = [];
      const watches = pairs.map(([ours], index) =>
        reactor.watch(ours, READABLE, () => {
          heard.push('old');
          // The other one is ready as well: close it, and open something that is not ready under its number.
          const other = 1 - index;
          const [number = -1] = pairs[other] ?? [];
          watches.forEach((watch) => watch.close());
          close(number);
          const [fresh, far] = socketPair('stream');
          const spare = fresh === number ? far : fresh;
          heard.push([fresh, far].includes(number) ? 'same number' : 'another number');
          const watch = reactor.watch(number, READABLE, () => heard.push('new'));
          reactor.after(0, () => {
            watch.close();
            close(number);
            close(spare);
            close(pairs[index]?.[0] ?? -1);
            for (const [, theirs] of pairs) close(theirs);
          });
        }),
      );
      for (const [, theirs] of pairs) write(theirs, byte);
      await turn(reactor);
      expect(heard).toEqual(['old', 'same number']);
    });
  });

  test('is one a descriptor, and setting the interest of a closed one does nothing', async () => {
    await onReactor(async (reactor) => {
      using pair = new Pair();
      const watch = reactor.watch(pair[0], READABLE, () => drain(pair[0]));
      expect(() => reactor.watch(pair[0], READABLE, () => undefined)).toThrow(/already watched/);
      watch.close();
      watch.close();
      watch.interest = READABLE;
      let calls = 0;
      const next = reactor.watch(pair[0], READABLE, () => {
        calls += 1;
        drain(pair[0]);
      });
      watch.close();
      write(pair[1], byte);
      await turn(reactor);
      expect(calls).toBe(1);
      next.close();
      expect(() => reactor.watch(9_999, READABLE, () => undefined)).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
      expect(() => reactor.watch(9_999, READABLE, () => undefined)).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
    });
  });

  test('finds a regular file always ready', async () => {
    using scratch = new Scratch();
    fs.writeFileSync(scratch.path('file'), 'x'.repeat(200_000));
    await onReactor(async (reactor) => {
      const fd = fs.openSync(scratch.path('file'), 'r');
      let total = 0;
      let others = false;
      await new Promise<void>((resolve) => {
        const watch = reactor.watch(fd, READABLE | EDGE, (ready) => {
          others ||= ready !== READABLE;
          const count = read(fd, scratchBuffer, 0, scratchBuffer.length);
          total += count;
          if (count > 0) return;
          watch.close();
          resolve();
        });
      });
      expect({ total, others }).toEqual({ total: 200_000, others: false });
      close(fd);
    });
  });

  test('serves 600 descriptors that are ready at once', async () => {
    await onReactor(async (reactor) => {
      const pairs = Array.from({ length: 600 }, () => socketPair('stream'));
      const heard = new Set<number>();
      await new Promise<void>((resolve) => {
        for (const [ours, theirs] of pairs) {
          write(theirs, byte);
          const watch = reactor.watch(ours, READABLE, () => {
            watch.close();
            heard.add(ours);
            if (heard.size === pairs.length) resolve();
          });
        }
      });
      for (const fd of pairs.flat()) close(fd);
    });
  });
});

describe('a terminal that nobody has open, watched at its edges', () => {
  test('costs nothing, and is heard again when somebody opens it', async () => {
    await onReactor(async (reactor) => {
      const { master, slavePath } = openPty({ cols: 80, rows: 24 });
      const open = () => fs.openSync(slavePath, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
      let calls = 0;
      let text = '';
      const watch = reactor.watch(master, READABLE | EDGE, () => {
        calls += 1;
        for (;;) {
          try {
            const count = read(master, scratchBuffer, 0, scratchBuffer.length);
            if (count === WOULD_BLOCK) return;
            text += scratchBuffer.toString('latin1', 0, count);
          } catch (error) {
            if (isErrno(error, 'EIO')) return;
            throw error;
          }
        }
      });
      for (let round = 0; round < 3; round += 1) {
        const slave = open();
        write(slave, Buffer.from(`round ${round};`));
        await turn(reactor);
        close(slave);
        await turn(reactor);
        const before = { calls, cpu: process.cpuUsage() };
        await elapsed(reactor, 150);
        expect(calls).toBe(before.calls);
        expect(cpuMs(before.cpu)).toBeLessThan(75);
      }
      expect(text).toBe('round 0;round 1;round 2;');
      watch.close();
      close(master);
    });
  });
});

describe('the times of turns', () => {
  test('count what callbacks and libuv take, and not how long was waited', async () => {
    await onReactor(async (reactor) => {
      await elapsed(reactor, 300);
      const idle = reactor.turnTimes.summary;
      expect(idle.turns).toBeGreaterThan(0);
      expect(idle.p50Ms).toBeLessThan(300);
      reactor.defer(() => busyFor(150));
      await elapsed(reactor, 200);
      const { maxMs, turns } = reactor.turnTimes.summary;
      expect(turns).toBeGreaterThan(idle.turns);
      expect(maxMs).toBeGreaterThanOrEqual(150);
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          busyFor(400);
          resolve();
        });
      });
      await elapsed(reactor, 1);
      expect(reactor.turnTimes.summary.maxMs).toBeGreaterThanOrEqual(400);
    });
  });
});

function busyFor(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

describe('timers', () => {
  test('run in the order of their times, those of the same time as they were set, and never early', async () => {
    await onReactor(async (reactor) => {
      const order: string[] = [];
      const started = performance.now();
      await new Promise<void>((resolve) => {
        for (const delay of [30, 10, 20, 0, 10]) {
          reactor.after(delay, () => {
            order.push(performance.now() - started < delay ? `${delay} is early` : `${delay}`);
          });
        }
        reactor.after(35, resolve);
      });
      expect(order).toEqual(['0', '10', '10', '20', '30']);
    });
  });

  test('are due later by as much as the process stood still, in the same order, and can be cancelled', async () => {
    await onReactor(async (reactor) => {
      const order: string[] = [];
      const started = performance.now();
      const told = (name: string) => () => {
        order.push(performance.now() - started < 100 ? `${name} is early` : name);
      };
      const cancelled = reactor.after(20, told('cancelled'));
      reactor.after(20, told('first'));
      const last = new Promise<void>((resolve) => void reactor.after(30, resolve)).then(told('last'));
      reactor.postpone(80);
      cancelled.cancel();
      await last;
      expect(order).toEqual(['first', 'last']);
    });
  });

  test('do not run once cancelled, also by one that is due at the same moment', async () => {
    await onReactor(async (reactor) => {
      const order: string[] = [];
      const cancelled = [5, 6, 5].map((delay) => reactor.after(delay, () => order.push('cancelled')));
      reactor.after(4, () => {
        order.push('first');
        for (const timer of cancelled) timer.cancel();
        for (const timer of cancelled) timer.cancel();
      });
      const end = performance.now() + 8;
      while (performance.now() < end);
      await elapsed(reactor, 1);
      expect(order).toEqual(['first']);
    });
  });

  test('are cheap: 10,000 at once, and 200,000 that are set and cancelled', async () => {
    await onReactor(async (reactor) => {
      const before = process.cpuUsage();
      let ran = 0;
      let early = 0;
      await new Promise<void>((resolve) => {
        for (let index = 0; index < 10_000; index += 1) {
          const delay = (index * 7919) % 50;
          const due = performance.now() + delay;
          reactor.after(delay, () => {
            if (performance.now() < due) early += 1;
            ran += 1;
            if (ran === 10_000) resolve();
          });
        }
      });
      expect(early).toBe(0);
      for (let index = 0; index < 200_000; index += 1) reactor.after(3_600_000, () => undefined).cancel();
      expect(cpuMs(before)).toBeLessThan(2_000);
    });
  });
});

describe('between the turns', () => {
  test('deferred callbacks run before the next wait, also those that a deferred one defers', async () => {
    await onReactor(async (reactor) => {
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        reactor.after(0, () => {
          reactor.after(0, () => {
            order.push('next turn');
            resolve();
          });
          reactor.defer(() => {
            order.push('deferred');
            reactor.defer(() => order.push('deferred by it'));
          });
          order.push('timer');
        });
      });
      expect(order).toEqual(['timer', 'deferred', 'deferred by it', 'next turn']);
    });
  });

  test('Node has its turn before the next wait, unless a callback says that it is done', async () => {
    const orderIf = (said: unknown) =>
      onReactor(async (reactor) => {
        using key = new Pair();
        using echo = new Pair();
        const order: string[] = [];
        const typed = reactor.watch(key[0], READABLE, () => {
          drain(key[0]);
          queueMicrotask(() => order.push('promise'));
          write(echo[1], byte);
          return said;
        });
        let echoed: Watch | undefined;
        await new Promise<void>((resolve) => {
          echoed = reactor.watch(echo[0], READABLE, () => {
            drain(echo[0]);
            order.push('echo');
            reactor.after(0, () => reactor.after(0, resolve));
          });
          write(key[1], byte);
        });
        typed.close();
        echoed?.close();
        return order;
      });
    expect(await orderIf(undefined)).toEqual(['promise', 'echo']);
    expect(await orderIf(DONE)).toEqual(['echo', 'promise']);
  });

  test('Node is not kept waiting for long by callbacks that are done, however many', async () => {
    await onReactor(async (reactor) => {
      using pair = new Pair();
      let calls = 0;
      const flood = reactor.watch(pair[0], WRITABLE, () => {
        calls += 1;
        return DONE;
      });
      for (let turns = 0; turns < 100; turns += 1) {
        const before = calls;
        await new Promise((resolve) => setImmediate(resolve));
        expect(calls - before).toBeLessThanOrEqual(20);
      }
      flood.close();
      // A promise is late by a moment, and not for ever.
      const once = reactor.watch(pair[0], READABLE, () => {
        drain(pair[0]);
        resolveIt();
        return DONE;
      });
      let resolveIt = () => undefined as void;
      const promise = new Promise<void>((resolve) => (resolveIt = resolve));
      write(pair[1], byte);
      await promise;
      once.close();
    });
  });

  test('promises, file system calls, child processes and worker threads go on', async () => {
    await onReactor(async () => {
      expect(await readFile('/proc/self/comm', 'utf8')).not.toBe('');
      const output = await new Promise<string>((resolve, reject) => {
        execFile('/bin/echo', ['hello'], (error, stdout) => (error ? reject(error) : resolve(stdout)));
      });
      expect(output).toBe('hello\n');
      const worker = new Worker(
        'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (n) => parentPort.postMessage(n + 1));',
        { eval: true },
      );
      for (let index = 0; index < 100; index += 1) {
        const answer = new Promise((resolve) => {
          worker.once('message', resolve);
        });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
        worker.postMessage(index);
        expect(await answer).toBe(index + 1);
      }
      await worker.terminate();
    });
  });

  test("Node's sockets, timers and immediates are on time", async () => {
    using scratch = new Scratch();
    await onReactor(async () => {
      const started = performance.now();
      for (let round = 0; round < 20; round += 1) {
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        const failed = net.connect(scratch.path('nobody'));
        await new Promise((resolve) => {
          failed.once('error', () => failed.once('close', resolve));
        });
        const server = net.createServer((socket) => socket.end('hello'));
        await new Promise<void>((resolve) => {
          server.listen(scratch.path(`${round}`), resolve);
        });
        const client = net.connect(scratch.path(`${round}`)).resume();
        await new Promise((resolve) => {
          client.once('close', resolve);
        });
        await new Promise((resolve) => {
          server.close(resolve);
        });
      }
      // Each of these was put off until something else ended the wait.
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });

  test('a signal that another process sends while we are blocked in the kernel is handled', async () => {
    await onReactor(async (reactor) => {
      for (let round = 0; round < 5; round += 1) {
        const handled = new Promise<void>((resolve) => {
          process.once('SIGUSR1', () => {
            // What a handler does with the reactor takes effect.
            reactor.defer(resolve);
            reactor.wake();
          });
        });
        execFile('/bin/sh', ['-c', `kill -USR1 ${process.pid}`]);
        await handled;
      }
    });
  });

  test('wake() ends the wait, however often it is called', async () => {
    await onReactor(async (reactor) => {
      for (let count = 0; count < 100_000; count += 1) reactor.wake();
      await turn(reactor);
      const before = process.cpuUsage();
      await elapsed(reactor, 100);
      expect(cpuMs(before)).toBeLessThan(50);
    });
  });
});

test('an exception in a callback reaches uncaughtException, and nothing else of that turn is lost', async () => {
  const previous = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const caught: string[] = [];
  process.on('uncaughtException', (error) => caught.push(error.message));
  try {
    await onReactor(async (reactor) => {
      using first = new Pair();
      using second = new Pair();
      const heard: string[] = [];
      const watches = [first, second].map((pair, index) =>
        reactor.watch(pair[0], READABLE | EDGE, () => {
          heard.push(`watch ${index}`);
          throw new Error(`watch ${index}`);
        }),
      );
      write(first[1], byte);
      write(second[1], byte);
      await turn(reactor);
      expect(heard.toSorted(alphabetically)).toEqual(['watch 0', 'watch 1']);
      await new Promise<void>((resolve) => {
        reactor.after(0, () => {
          throw new Error('timer');
        });
        reactor.defer(() => {
          throw new Error('deferred');
        });
        reactor.defer(() => reactor.after(1, resolve));
      });
      expect(caught.toSorted(alphabetically)).toEqual(['deferred', 'timer', 'watch 0', 'watch 1']);
      for (const watch of watches) watch.close();
    });
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of previous) process.on('uncaughtException', listener);
  }
});

test('an idle reactor with watched descriptors and far timers costs no CPU', async () => {
  await onReactor(async (reactor) => {
    using pair = new Pair();
    const { master } = openPty({ cols: 80, rows: 24 });
    const { read: end, write: start } = pipe();
    const watches = [pair[0], pair[1], master, end].map((fd) =>
      reactor.watch(fd, READABLE | EDGE, () => undefined),
    );
    reactor.after(60_000, () => undefined);
    await turn(reactor);
    const before = process.cpuUsage();
    await elapsed(reactor, 500);
    expect(cpuMs(before)).toBeLessThan(100);
    for (const watch of watches) watch.close();
    for (const fd of [master, end, start]) close(fd);
  });
});

test('a reactor can be stopped and started, and leaves no descriptor once disposed', async () => {
  const before = openDescriptors();
  for (let round = 0; round < 20; round += 1) {
    const reactor = new Reactor();
    const [ours, theirs] = socketPair('stream');
    const watch = reactor.watch(ours, READABLE, () => {
      drain(ours);
      reactor.stop();
      heard?.();
    });
    let heard: (() => void) | undefined;
    for (let count = 0; count < 2; count += 1) {
      const reported = new Promise<void>((resolve) => {
        heard = resolve;
      });
      reactor.start();
      write(theirs, byte);
      await reported;
    }
    reactor.dispose();
    watch.close();
    watch.interest = READABLE;
    close(ours);
    close(theirs);
  }
  expect(openDescriptors()).toEqual(before);
});

test('disposing in a callback ends everything at once', async () => {
  const reactor = new Reactor();
  const [ours, theirs] = socketPair('stream');
  const second = duplicate(ours);
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    const dispose = () => {
      heard.push('watch');
      reactor.dispose();
      resolve();
    };
    reactor.watch(ours, READABLE, dispose);
    reactor.watch(second, READABLE, dispose);
    reactor.after(0, () => heard.push('first timer'));
    reactor.after(0, () => write(theirs, byte));
    reactor.after(0, () => reactor.after(0, () => heard.push('timer')));
    reactor.start();
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(heard.filter((name) => name === 'watch')).toEqual(['watch']);
  for (const fd of [ours, second, theirs]) close(fd);
});

test('a signal sent to ourselves is seen by a handler while the reactor runs', async () => {
  await onReactor(
    () =>
      new Promise<void>((resolve) => {
        process.once('SIGUSR2', () => resolve());
        sendSignal(process.pid, 12);
      }),
  );
});
