import fs from 'node:fs';
import path from 'node:path';
import { eventually, SmallDisk, startDaemon, type TestDaemon, TestHome, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const MEBIBYTE = 1024 * 1024;
const canMount = SmallDisk.isPossible();
const SMALL = { historyBytes: 65_536 };

test.skipIf(!canMount)(
  'a daemon that is killed while the disk is full loses no session, running or exited (needs to mount)',
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.folder, 16 * MEBIBYTE);
    await using daemon = await startDaemon({ home, keeper: true });
    const ended = await daemon.openCommand(['/bin/sh', '-c', 'echo precious; exit 3'], SMALL);
    const running = await daemon.openCommand(['/bin/cat'], SMALL);
    await eventually('its status is recorded', () => recordedExit(daemon, ended.id));
    disk.fill();
    await daemon.killServing();
    expect(await daemon.get(ended)).toMatchObject({ state: 'exited', exit: { code: 3 } });
    expect(await daemon.get(running)).toMatchObject({ state: 'running', pid: running.pid });
    const output = await daemon.record(ended);
    await output.exited();
    expect(output.text).toBe('precious\r\n');
    const input = await (await daemon.client()).openInput(running.id);
    await input.write(Buffer.from('still here\n'));
    await (await daemon.record(running)).waitFor('still here\r\nstill here\r\n');
  },
  60_000,
);

test.skipIf(!canMount)(
  'a status for which the disk had no room outlives the daemon that knew it, and is recorded once there is room (needs to mount)',
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.folder, 16 * MEBIBYTE);
    await using daemon = await startDaemon({ home, keeper: true });
    const gate = home.gate();
    const session = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; exit 7`], SMALL);
    // From now on its parent is the keeper, and nobody but that could tell a further daemon.
    await daemon.killServing();
    expect(await daemon.get(session)).toMatchObject({ state: 'running' });
    await eventually('its state is saved', async () => (await daemon.get(session)).warnings.length === 0);
    disk.fill();
    await gate.open();
    await untilEnded(session.pid);
    expect(await exitOf(daemon, session.id)).toEqual({ code: 7 });
    expect(recordedExit(daemon, session.id)).toBeUndefined();
    await daemon.killServing();
    expect(await exitOf(daemon, session.id)).toEqual({ code: 7 });
    disk.free();
    await eventually('its status is recorded', () => recordedExit(daemon, session.id));
    await eventually('no warning is left', async () => (await daemon.get(session)).warnings.length === 0);
  },
  60_000,
);

test.skipIf(!canMount)(
  'the status of a daemon’s own child outlives the daemon, though the disk had no room for it (needs to mount)',
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.folder, 16 * MEBIBYTE);
    await using daemon = await startDaemon({ home, keeper: true });
    const gate = home.gate();
    const session = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; exit 7`], SMALL);
    disk.fill();
    await gate.open();
    expect(await exitOf(daemon, session.id)).toEqual({ code: 7 });
    const { warnings } = await eventually('its state could not be saved', async () => {
      const found = await daemon.get(session);
      return found.warnings.length > 0 && found;
    });
    expect(warnings).toEqual([expect.stringContaining('could not be saved')]);
    expect(recordedExit(daemon, session.id)).toBeUndefined();
    await daemon.killServing();
    expect(await exitOf(daemon, session.id)).toEqual({ code: 7 });
    disk.free();
    await eventually('its status is recorded', () => recordedExit(daemon, session.id));
    await daemon.killServing();
    expect(await exitOf(daemon, session.id)).toEqual({ code: 7 });
  },
  60_000,
);

function recordedExit({ home }: TestDaemon, id: string): unknown {
  const file = path.join(home.paths.stateDir, 'sessions', id, 'state.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')).exit ?? undefined;
}

async function exitOf(daemon: TestDaemon, id: string): Promise<unknown> {
  const client = await daemon.client();
  return (await client.request('wait', { session: id }, { timeoutMs: null })).session.exit;
}
