import { close, READABLE, read, Reactor, socketPair, write } from '@holdfast/posix';
import { encodeControl } from '@holdfast/protocol';
import { eventually } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Clients } from '../src/clients.ts';
import type { SessionRegistry } from '../src/session/registry.ts';

const HELLO = encodeControl({
  id: 1,
  type: 'hello',
  protocols: [1],
  client: { name: 'test', version: '0' },
});

/** The clients of a daemon that notes what they ask, and has no sessions. */
class Scene {
  readonly reactor = new Reactor();
  readonly asked: string[] = [];
  readonly clients = new Clients({
    reactor: this.reactor,
    log: () => undefined,
    handler: () => ({
      registry: {} as SessionRegistry,
      handle: (_connection, { type }) => {
        this.asked.push(type);
        return undefined;
      },
      resume: () => undefined,
    }),
    closed: () => undefined,
  });
  readonly #ends: number[] = [];

  constructor() {
    this.reactor.start();
  }

  /** One has come; returns its end. */
  come(): number {
    const [end, fd] = socketPair('stream');
    this.#ends.push(end);
    expect(this.clients.accept({ fd, peerPid: null })).toBe(true);
    return end;
  }

  /** Resolves when the reactor has come to what was sent before. */
  looked(): Promise<void> {
    const [end, fd] = socketPair('stream');
    this.#ends.push(end, fd);
    return new Promise((resolve) => {
      const watch = this.reactor.watch(fd, READABLE, () => {
        watch.close();
        resolve();
      });
      write(end, Buffer.from('.'));
    });
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) close(end);
    this.reactor.dispose();
  }
}

test('nobody is heard while they are paused, nor who comes meanwhile, and all are heard afterwards', async () => {
  using scene = new Scene();
  const before = scene.come();
  scene.clients.arePaused = true;
  const meanwhile = scene.come();
  for (const end of [before, meanwhile]) write(end, HELLO);
  await scene.looked();
  expect(scene.asked).toEqual([]);
  scene.clients.arePaused = false;
  await eventually('both are heard', () => scene.asked.length === 2);
});

test('a farewell is over once everybody has been written everything, and is the end of each connection', async () => {
  using scene = new Scene();
  const end = scene.come();
  for (const connection of scene.clients.all) connection.send({ event: 'last' });
  await scene.clients.farewell();
  expect(scene.clients.all.size).toBe(0);
  const buffer = Buffer.from(new ArrayBuffer(4_096));
  const length = read(end, buffer, 0, buffer.length);
  expect(buffer.subarray(0, length).toString()).toContain('"last"');
  expect(read(end, buffer, 0, buffer.length)).toBe(0);
});
