import { connect, type Socket } from 'node:net';
import type { HoldfastError } from '@holdfast/protocol';
import { eventually, passTime, stopProcess, untilEnded } from '@holdfast/testkit';
import { FAKES, TRIALS, type Trial } from '../e2e/support/trials.ts';
import { sameBuild, type Target } from '../e2e/support/upgrades.ts';
import type { World } from './world.ts';

/** A daemon or keeper that dies sooner than so after its start counts as one that can't start. */
const BETWEEN_KILLS_MS = 3_000;
const UPGRADE_TIMEOUT_MS = 60_000;
const CONNECTIONS = 600;
/** What a client hears when there are too many of them, or no descriptors. */
const CROWDED = ['E_LIMIT', 'E_NO_DESCRIPTORS', 'E_NO_PTY', 'E_SPAWN', 'E_DISK'] as const;

export interface ChaosEvent {
  readonly name: string;
  /** How likely it is, beside the others. */
  readonly weight: number;
  readonly happen: (world: World) => Promise<void>;
}

/** Files to upgrade to. */
export interface OtherBuilds {
  /** A daemon that was released before. */
  readonly older: string;
  /** One of a later version. */
  readonly newer: string;
  /** Programs of Node. */
  readonly nodes: readonly string[];
}

export function events({ older, newer, nodes }: OtherBuilds): readonly ChaosEvent[] {
  const trials = [...TRIALS, ...FAKES].filter(({ limit }) => limit === undefined);
  const otherNode = (world: World) => upgradeWell(world, { node: world.random.pick(nodes) });
  return [
    { name: 'upgrade to the same build', weight: 8, happen: (world) => upgradeWell(world) },
    { name: 'upgrade to a newer build', weight: 2, happen: (world) => upgradeWell(world, { entry: newer }) },
    ...(nodes.length === 0 ? [] : [{ name: 'upgrade to another Node', weight: 2, happen: otherNode }]),
    {
      name: 'upgrade to an older build, if it can',
      weight: 1,
      happen: (world) => upgradeSomehow(world, { ...sameBuild(world.daemon), entry: older }),
    },
    {
      name: 'upgrade that fails',
      weight: 5,
      happen: (world) => failingUpgrade(world, world.random.pick(trials)),
    },
    { name: 'SIGKILL of the daemon', weight: 3, happen: killDaemon },
    { name: 'SIGKILL of the keeper', weight: 2, happen: killKeeper },
    { name: 'SIGKILL amid an upgrade', weight: 3, happen: killAmidUpgrade },
    {
      name: 'SIGSTOP of the daemon',
      weight: 2,
      happen: (world) => stopFor(world, world.daemon.home.daemonPid),
    },
    {
      name: 'SIGSTOP of the keeper',
      weight: 2,
      happen: (world) => stopFor(world, world.daemon.home.keeperPid),
    },
    { name: 'SIGKILL of the host', weight: 3, happen: ({ host }) => host.crash().then(() => host.start()) },
    { name: 'SIGSTOP of the host', weight: 1, happen: (world) => stopFor(world, world.host.at.pid) },
    { name: 'restart of the host', weight: 1, happen: ({ host }) => host.end().then(() => host.start()) },
    { name: 'resize', weight: 3, happen: resize },
    { name: 'more connections than fit', weight: 1, happen: crowd },
    { name: 'full disk', weight: 2, happen: fillDisk },
  ];
}

async function upgradeWell(world: World, other: Partial<Target> = {}): Promise<void> {
  const { excused } = world;
  try {
    await upgradeTo(world, { ...sameBuild(world.daemon), ...other });
  } catch (error) {
    if (!world.isExcused(error, excused))
      world.tally.loss('requests failed for no reason', `upgrade: ${String(error)}`);
  }
}

async function upgradeTo(world: World, target: Target): Promise<void> {
  const client = await world.client();
  const { pauseMs, clients } = await client.request('upgrade', target, { timeoutMs: UPGRADE_TIMEOUT_MS });
  world.tally.pause(pauseMs);
  if (clients.dropped > 0)
    world.tally.loss('requests failed for no reason', `${clients.dropped} clients dropped`);
}

/** Either way is right. */
async function upgradeSomehow(world: World, target: Target): Promise<void> {
  await upgradeTo(world, target).catch((error: HoldfastError) => {
    if (!/^E_UPGRADE_|^E_DISCONNECTED/.test(error.code))
      world.tally.loss('requests failed for no reason', `upgrade: ${String(error)}`);
  });
}

async function failingUpgrade(world: World, { points, target, readyMs }: Trial): Promise<void> {
  const deadline =
    readyMs === undefined ? undefined : String(process.hrtime.bigint() + BigInt(readyMs) * 1_000_000n);
  world.at(points ?? {});
  await upgradeSomehow(world, { ...sameBuild(world.daemon), ...target, deadline });
  world.at({});
}

async function killDaemon(world: World): Promise<void> {
  await passTime(BETWEEN_KILLS_MS);
  await world.daemon.killServing();
  await world.settled();
  await passTime(BETWEEN_KILLS_MS);
}

async function killKeeper(world: World): Promise<void> {
  await passTime(BETWEEN_KILLS_MS);
  await kill(world.daemon.home.keeperPid);
  await world.settled();
  await passTime(BETWEEN_KILLS_MS);
}

/** Daemon, successor or keeper, whichever it hits. */
async function killAmidUpgrade(world: World): Promise<void> {
  await passTime(BETWEEN_KILLS_MS);
  const { home } = world.daemon;
  const going = upgradeSomehow(world, sameBuild(world.daemon));
  await passTime(world.random.integer(0, 250));
  const pids = [...home.daemonPids, home.keeperPid].filter((pid) => pid !== undefined);
  await kill(world.random.pick(pids));
  await going;
  await world.settled();
  await passTime(BETWEEN_KILLS_MS);
}

async function kill(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // It has just ended by itself.
  }
  await untilEnded(pid);
}

async function stopFor(world: World, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  await stopProcess(pid);
  await passTime(world.random.integer(200, 2_000));
  process.kill(pid, 'SIGCONT');
}

async function resize(world: World): Promise<void> {
  const { id } = world.random.pick(world.residents);
  const size = { cols: world.random.integer(2, 400), rows: world.random.integer(1, 100) };
  const client = await world.client();
  await client.request('resize', { session: id, ...size });
}

/** Half of them say nothing, half of them what is no frame. */
async function crowd(world: World): Promise<void> {
  await world.excuse(CROWDED, async () => {
    const sockets: Socket[] = [];
    for (let index = 0; index < CONNECTIONS; index += 1) {
      const socket = connect(world.daemon.home.paths.socketPath);
      socket.on('error', () => undefined);
      if (index % 2 === 0) socket.write('this is no frame at all');
      sockets.push(socket);
    }
    await passTime(world.random.integer(100, 1_000));
    for (const socket of sockets) socket.destroy();
  });
  await eventually('room for clients', async () => {
    const client = await world.daemon.connect({ reconnect: false }).catch(() => undefined);
    client?.close();
    return client !== undefined;
  });
}

async function fillDisk(world: World): Promise<void> {
  const { disk } = world;
  if (!disk) return;
  await world.excuse(['E_DISK'], async () => {
    disk.fill();
    await passTime(world.random.integer(100, 1_000));
    if (world.random.next() < 0.5) await upgradeWell(world);
    disk.free();
  });
}
