import fs from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { firstDifference, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { mastersOf, startWithPoints, stoppedSuccessor, upgrade } from './support/upgrades.ts';

const MEBIBYTE = 1024 * 1024;

test('what is opened, written, exits and is forgotten after the histories were prepared is handed over as it is then', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  const gate = daemon.home.gate();
  const flood = await daemon.record(await daemon.open('flood.py', [gate.path]));
  const cat = await daemon.openCommand(['/bin/cat']);
  const echoed = await daemon.record(cat);
  const [ending, forgotten] = [
    await daemon.openCommand(['/bin/cat']),
    await daemon.openCommand(['/bin/true']),
  ];
  await client.request('wait', { session: forgotten.id }, { timeoutMs: null });

  at({ 'successor.prepared': 'stop' });
  const asked = upgrade(daemon);
  const successor = await stoppedSuccessor(daemon);
  await gate.open();
  await flood.output.untilLength(3 * MEBIBYTE);
  const input = await client.openInput(cat.id);
  await input.write(Buffer.from('typed before\n'));
  await echoed.waitFor('typed before\r\ntyped before\r\n');
  await client.request('kill', { session: ending.id }, { timeoutMs: null });
  await client.request('forget', { session: forgotten.id });
  const opened = await daemon.openCommand(['/bin/sh', '-c', 'echo new; exec cat']);
  const output = await daemon.record(opened);
  await output.waitFor('new\r\n');
  process.kill(successor, 'SIGCONT');
  expect(await asked).toMatchObject({ to: { pid: successor }, sessions: 3 });

  await flood.output.untilLength(flood.bytes.length + 2 * MEBIBYTE);
  expect(firstDifference(flood.bytes, 0)).toBe(-1);
  expect(flood.gaps).toEqual([]);
  await input.write(Buffer.from('and after\n'));
  await echoed.waitFor('typed before\r\ntyped before\r\nand after\r\nand after\r\n');
  expect(await daemon.get(ending)).toMatchObject({ state: 'exited', exit: { signal: 'SIGHUP' } });
  await expect(daemon.get(forgotten)).rejects.toMatchObject({ code: 'E_NO_SESSION' });
  await (await client.openInput(opened.id)).write(Buffer.from('newer\n'));
  await output.waitFor('new\r\nnewer\r\nnewer\r\n');
  // Nothing of the one that was forgotten came back, or is still mapped.
  expect(fs.existsSync(historyFolder(daemon, forgotten))).toBe(false);
  expect(fs.readFileSync(`/proc/${successor}/maps`, 'utf8')).not.toContain(forgotten.id);
}, 60_000);

test('what becomes of a session that the successor has made already counts, whichever it is', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  const open = () => daemon.openCommand(['/bin/cat']);
  const [first, same, renamed, resized, typed, left, killed, exited] = [
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
    await open(),
    await daemon.openCommand(['/bin/sh', '-c', 'echo gone; exit 3']),
  ];
  await client.request('wait', { session: exited.id }, { timeoutMs: null });
  const input = await client.openInput(typed.id);
  await input.write(Buffer.from('one\n'));
  // One that leaves and takes the indices of all connections and descriptors behind it along.
  const leaving = await daemon.connect();
  await leaving.subscribe(left.id, {
    from: 'start',
    mode: 'exact',
    leaseMs: 60_000,
    onData: () => undefined,
  });

  at({ 'successor.prepared': 'stop' });
  const asked = upgrade(daemon);
  const successor = await stoppedSuccessor(daemon);
  leaving.close();
  await client.request('kill', { session: first.id }, { timeoutMs: null });
  await client.request('forget', { session: first.id });
  await client.request('rename', { session: renamed.id, name: 'by-another-name' });
  await client.request('resize', { session: resized.id, cols: 123, rows: 45 });
  await input.write(Buffer.from('two\n'));
  const record = await daemon.record(typed);
  await record.waitFor('one\r\none\r\ntwo\r\ntwo\r\n');
  process.kill(killed.pid, 'SIGKILL');
  await client.request('wait', { session: killed.id }, { timeoutMs: null });
  process.kill(successor, 'SIGCONT');
  expect(await asked).toMatchObject({ to: { pid: successor }, sessions: 5 });

  await input.write(Buffer.from('three\n'));
  await record.waitFor('one\r\none\r\ntwo\r\ntwo\r\nthree\r\nthree\r\n');
  expect((await daemon.get(renamed)).name).toBe('by-another-name');
  expect(await daemon.get(resized)).toMatchObject({ cols: 123, rows: 45 });
  expect(await daemon.get(killed)).toMatchObject({ state: 'exited', exit: { signal: 'SIGKILL' } });
  expect(await daemon.get(exited)).toMatchObject({ state: 'exited', exit: { code: 3 } });
  await expect(daemon.get(first)).rejects.toMatchObject({ code: 'E_NO_SESSION' });
  for (const session of [same, renamed, resized, left]) {
    expect(await daemon.get(session)).toMatchObject({ state: 'running', pid: session.pid });
    const output = await daemon.record(session);
    await (await client.openInput(session.id)).write(Buffer.from(`${session.id}\n`));
    await output.waitFor(`${session.id}\r\n${session.id}\r\n`);
  }
  expect(mastersOf(successor)).toBe(5);
  // Those that were made early end as others do.
  await client.request('resize', { session: same.id, cols: 99, rows: 33 });
  process.kill(same.pid, 'SIGTERM');
  const ended = await client.request('wait', { session: same.id }, { timeoutMs: null });
  expect(ended.session.exit).toEqual({ signal: 'SIGTERM' });
}, 60_000);

test('a session whose files were removed by hand is handed over, with its history, and says so', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const gate = daemon.home.gate();
  const flooding = await daemon.open('flood.py', [gate.path]);
  const flood = await daemon.record(flooding);
  const idle = await daemon.openCommand(['/bin/sh', '-c', 'echo remember me; exec cat']);
  await (await daemon.record(idle)).waitFor('remember me\r\n');
  const trash = daemon.home.scratch('trash');
  // In one step: a state file may be written at any moment.
  for (const session of [flooding, idle])
    fs.renameSync(historyFolder(daemon, session), path.join(trash, session.id));
  fs.rmSync(trash, { recursive: true });
  await gate.open();
  await upgrade(daemon);
  await upgrade(daemon);
  await flood.output.untilLength(flood.bytes.length + 2 * MEBIBYTE);
  expect(firstDifference(flood.bytes, 0)).toBe(-1);
  expect(flood.gaps).toEqual([]);
  const { historyIn, warnings } = await daemon.get(idle);
  expect(historyIn).toBe('memory');
  expect(warnings).toContain('the files of its history are gone: it is kept in memory only');
  const output = await daemon.record(idle);
  await (await client.openInput(idle.id)).write(Buffer.from('still here\n'));
  await output.waitFor('remember me\r\nstill here\r\nstill here\r\n');
}, 60_000);

function historyFolder({ home }: TestDaemon, { id }: Pick<Session, 'id'>): string {
  return path.join(home.paths.stateDir, 'sessions', id);
}
