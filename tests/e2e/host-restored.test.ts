import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { eventually, TestHome, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { reboot } from './support/reboot.ts';
import { TestHost } from './support/test-host.ts';
import { TestPage } from './support/test-page.ts';

/** More than a feed keeps, and less than the history does. */
const LINES = 400_000;
const HISTORY_BYTES = 8 * 1024 * 1024;

test('a page that joins a restored session is shown all of it, beside a slow one that still reads what came before', async () => {
  await using host = await TestHost.start();
  const { terminal } = host.client();
  const marker = path.join(host.home.scratch('markers'), 'again');
  const script = `read go; test -e ${marker} || exec seq 1 ${LINES}; echo "here again"; exec cat`;
  const { id } = await terminal.create.mutate({
    command: ['sh', '-c', `stty -echo; ${script}`],
    historyBytes: HISTORY_BYTES,
  });
  const printed = Buffer.from(Array.from({ length: LINES }, (_, index) => `${index + 1}\r\n`).join(''));
  using slow = new TestPage(host.at, id, { from: 0, stream: 'stream-of-the-slow-one', acknowledges: false });
  await slow.message('attached');
  await terminal.send.mutate({ session: id, text: 'go', enter: true });
  await eventually(
    'it has exited',
    async () => (await terminal.get.query({ session: id })).state === 'exited',
    30_000,
  );
  writeFileSync(marker, '');
  expect(await terminal.restore.mutate({ session: id })).toMatchObject({ id, state: 'running' });
  expect(slow.offset).toBeLessThan(printed.length / 2);

  using joined = new TestPage(host.at, id, { screen: true, stream: 'stream-of-the-new-one' });
  const screen = await joined.message('screen');
  expect(screen['text']).toContain(String(LINES));
  joined.type(0, 'go\n');
  await joined.untilText('here again');
  joined.type(3, 'typed\n');
  await joined.untilText('typed');
  using whole = new TestPage(host.at, id, { from: 0 });
  await whole.untilText('here again');
  expect(whole.text).toMatch(new RegExp(`${LINES}\r\n[^]*\\[restored at [^]*here again`));

  // It goes on where it was, to the end of what it has begun to read: there it hears how that has ended.
  slow.onBytes = () => slow.say({ type: 'ack', offset: slow.offset });
  slow.say({ type: 'ack', offset: slow.offset });
  expect(await within('the end of the slow page', slow.closed, 30_000)).toBe(1000);
  expect(await slow.message('exited')).toMatchObject({ offset: printed.length, exit: { code: 0 } });
  expect(slow.offset).toBe(printed.length);
  expect(slow.sha256).toBe(createHash('sha256').update(printed).digest('hex'));
  expect(slow.messages.filter(({ type }) => type === 'resync')).toEqual([]);
  // Nor has its going ended anything for who looks at the new program.
  joined.type(9, 'still\n');
  await joined.untilText('still');
  expect((await terminal.get.query({ session: id })).state).toBe('running');
}, 120_000);

test('what the host restores runs in the terminal that its pages are, whatever terminal the host or the session had', async () => {
  await using home = new TestHome();
  const script = 'echo "@$TERM|$COLORTERM|${TERM_PROGRAM-none}|${COLUMNS-none}@"; exec cat';
  const environment = { TERM: 'xterm-kitty', COLORTERM: '24bit', TERM_PROGRAM: 'kitty' };
  const opened = await home.cli(['new', '-d', '--json', '--', 'sh', '-c', script], { env: environment });
  let { id, pid }: Session = JSON.parse(String(opened.stdout));
  const ofRun = async (run: number) => {
    let shown: string[] = [];
    await eventually(`run ${run} tells`, async () => {
      shown = String((await home.cli(['tail', id])).stdout).match(/@[^@]*@/g) ?? [];
      return shown.length > run;
    });
    return shown[run];
  };
  expect(await ofRun(0)).toBe('@xterm-kitty|24bit|kitty|none@');
  const variants = [
    { TERM: 'dumb' },
    { TERM: '', COLORTERM: '' },
    { TERM: 'screen-256color', TERM_PROGRAM: 'tmux', COLUMNS: '40', LINES: '10' },
  ];
  for (const [index, env] of variants.entries()) {
    await reboot(home, [pid]);
    const host = new TestHost({ home, env });
    await host.start();
    const { restored, failed } = await host.client().terminal.restoreLost.mutate();
    expect({ ids: restored.map((session) => session.id), failed }).toEqual({ ids: [id], failed: [] });
    pid = restored[0]?.pid ?? 0;
    expect(await ofRun(index + 1)).toBe('@xterm-256color|truecolor|none|none@');
    await host.end();
  }
}, 120_000);
