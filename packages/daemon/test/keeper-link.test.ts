import {
  close,
  MessageChannel,
  Reactor,
  sendSignal,
  sendWithFds,
  socketPair,
  spawnOwnKind,
  takeExitStatus,
} from '@holdfast/posix';
import { type FromKeeper, parseToKeeper, type ToKeeper } from '@holdfast/protocol/keeper';
import { processState } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { KeeperLink } from '../src/keeper-link/keeper-link.ts';

const LOOK_EVERY_MS = 2;
const PATIENCE_MS = 15_000;

/** A daemon's end of a channel, and a test at the other end in place of the keeper. */
class Linked implements Disposable {
  readonly reactor = new Reactor();
  readonly link: KeeperLink;
  readonly keeper: MessageChannel<FromKeeper, ToKeeper>;
  readonly logged: string[] = [];
  /** What had become of the keeper's process whenever it was lost. */
  readonly ends: string[] = [];

  /** `keeperPid` = a process that is to be taken for the keeper. */
  constructor({ keeperPid, usePidfd = true }: { keeperPid?: number; usePidfd?: boolean } = {}) {
    const [ours, theirs] = socketPair('messages');
    this.keeper = new MessageChannel(theirs, parseToKeeper);
    this.link = new KeeperLink(keeperPid === undefined ? ours : undefined, {
      reactor: this.reactor,
      log: (event) => this.logged.push(event),
      runtimeDir: '/nowhere',
      usePidfd,
      exited: () => undefined,
      lost: () => this.ends.push(processState(keeperPid ?? 0) ?? 'gone'),
    });
    if (keeperPid === undefined) this.link.serve();
    else this.link.replace({ fd: ours, pid: keeperPid });
    this.reactor.start();
  }

  /** As `eventually`, on the reactor's clock: it has the loop. */
  until<T>(what: string, probe: () => T | false): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = probe();
        if (found !== false) resolve(found);
        else if (performance.now() > deadline) reject(new Error(`${what}: not within ${PATIENCE_MS} ms`));
        else this.reactor.after(LOOK_EVERY_MS, look);
      };
      look();
    });
  }

  /** The next message of the daemon. */
  async hears(type: ToKeeper['type']): Promise<ToKeeper> {
    const { message, fds } = await this.until(`"${type}"`, () => {
      const received = this.keeper.receive();
      return typeof received === 'object' && received;
    });
    fds.forEach(close);
    expect(message.type).toBe(type);
    return message;
  }

  [Symbol.dispose](): void {
    this.reactor.dispose();
  }
}

const START = { node: '/node', nodeArguments: [], entry: '/daemon.js' };

test('a descriptor that is not taken costs its message, whose asker is told, and not the link', async () => {
  using linked = new Linked();
  const { link, keeper } = linked;
  const asked = link.channelForSuccessor();
  asked.catch(() => undefined);
  const { question } = (await linked.hears('channel')) as ToKeeper & { type: 'channel' };
  // One more than is allowed is as one for which there is no room.
  keeper.send({ type: 'channel', question }, [0, 1]);
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_REFUSED' });
  expect(linked.ends).toEqual([]);
  link.ready();
  await linked.hears('ready');
});

test('a message of a type that this build does not know is passed over', async () => {
  using linked = new Linked();
  sendWithFds(linked.keeper.fd, Buffer.from('{"type":"tomorrow"}'), [0]);
  await linked.until('it is logged', () => linked.logged.includes('keeper.unknown-message'));
  expect(linked.ends).toEqual([]);
  linked.link.ready();
  await linked.hears('ready');
});

test('what is too long for a message is refused to who wants it said, and what follows is said', async () => {
  using linked = new Linked();
  const { link } = linked;
  const nodeArguments = Array.from({ length: 32 }, () => '€'.repeat(1_000));
  await expect(link.spawnSuccessor({ ...START, nodeArguments }, 0)).rejects.toMatchObject({
    code: 'E_UPGRADE_REFUSED',
  });
  link.ready();
  await linked.hears('ready');
});

test('a session is held when the keeper has said so; one that it has refused is offered again', async () => {
  using linked = new Linked();
  const { link, keeper } = linked;
  link.hold('a', { pid: 1, master: 0 });
  await linked.hears('hold');
  expect(link.isHeld('a')).toBe(false);
  keeper.send({ type: 'refused', to: 'hold', reason: 'its descriptor could not be taken' });
  expect(await linked.hears('hold')).toMatchObject({ name: 'session/a', pid: 1 });
  expect(link.isHeld('a')).toBe(false);
  expect(link.notHeld).toEqual(['session/a']);
  keeper.send({ type: 'held', name: 'session/a' });
  await linked.until('it is held', () => link.isHeld('a'));
  expect(link.notHeld).toEqual([]);
});

test.for([{ usePidfd: true }, { usePidfd: false }])(
  'a keeper that lives when its channel has ended is killed, and lost only when it is dead: %j',
  async ({ usePidfd }) => {
    const keeperPid = spawnOwnKind(['/bin/sleep', '1000'], { stderr: 2, descriptors: [] });
    try {
      using linked = new Linked({ keeperPid, usePidfd });
      linked.keeper.close();
      await linked.until('it is lost', () => linked.ends.length > 0);
      expect(linked.ends).toEqual(['Z']);
      expect(linked.link.mayBeReplaced).toBe(true);
      expect(takeExitStatus(keeperPid)).toEqual({ signal: 'SIGKILL' });
    } finally {
      if (takeExitStatus(keeperPid) === 'running') sendSignal(keeperPid, 9);
    }
  },
);
