// Makes docs/pictures/survives.svg, a recording of real programs by Holdfast itself: node scripts/run-ts.mjs tests/pictures/record.ts
// Needs bash, the built tree, and npm's registry for svg-term, which is nobody's dependency.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, passTime, repository, startDaemon, TestHome } from '@holdfast/testkit';
import { otherDaemon } from '../e2e/support/supervised.ts';

const FILE = path.join(repository, 'docs', 'pictures', 'survives.svg');
const SIZE = { cols: 84, rows: 20 };
const TOOL = 'svg-term@1.3.1';
/** What sets or resets modifyOtherKeys, which that takes for underlining. */
const KEY_MODES = /\\u001b\[>[\d;]*m/g;
const KEY_MS = 45;
/** To be read. */
const LOOK_MS = 1_600;

/** Somebody's work of hours. */
const AGENT = String.raw`
step=1
while :; do
  case $((step % 4)) in
    0) printf '\033[32m✔\033[0m %3d  tests pass\n' "$step" ;;
    1) printf '\033[36m●\033[0m %3d  reading src/orders.js\n' "$step" ;;
    2) printf '\033[35m●\033[0m %3d  editing src/orders.js\n' "$step" ;;
    3) printf '\033[33m●\033[0m %3d  running the tests\n' "$step" ;;
  esac
  step=$((step + 1))
  sleep 0.45
done
`;

const RC = String.raw`
PS1='\[\e[1;32m\]~/shop\[\e[0m\] $ '
daemon_pid() { holdfast status --json | sed 's/.*"daemon":{"pid":\([0-9]*\).*/\1/'; }
`;

await using shown = new TestHome();
await using recording = await startDaemon();
const shop = path.join(shown.scratch('home'), 'shop');
mkdirSync(shop);
writeFileSync(path.join(shop, 'agent'), `#!/bin/sh\n${AGENT}`, { mode: 0o755 });
writeFileSync(path.join(shop, '.rc'), RC);
// The one that runs is of an earlier version.
const earlier = otherDaemon(shown, { version: '0.0.9', build: '0123456789ab' });
await shown.cli(['new', '-d', '--name', 'shell', '--', 'cat'], { env: { HOLDFAST_DAEMON_ENTRY: earlier } });
await shown.cli(['kill', 'shell']);
await shown.cli(['forget', 'shell']);

const client = await recording.connect();
writeFileSync(FILE, await toSvg(await record()));

/** A recording, as asciicast. */
async function record(): Promise<string> {
  const { session } = await client.request('open', {
    command: ['/bin/bash', '--rcfile', '.rc', '-i'],
    cwd: shop,
    env: {
      ...shown.env,
      PATH: `${path.join(repository, 'bin')}:${process.env['PATH']}`,
      TERM: 'xterm-256color',
    },
    ...SIZE,
  });
  const input = await client.openInput(session.id);
  const type = async (text: string) => {
    for (const key of text) {
      await input.write(Buffer.from(key));
      await passTime(KEY_MS);
    }
  };
  const shows = (text: string) =>
    eventually(text, async () => {
      const screen = await client.request('capture', { session: session.id, format: 'text' });
      return screen.text.includes(text);
    });
  const enter = async (line: string, then: string) => {
    await type(line);
    await passTime(300);
    await type('\r');
    await shows(then);
    await passTime(LOOK_MS);
  };
  await shows('$');
  await passTime(500);
  await enter('holdfast new --name agent -- ./agent', '4  tests pass');
  await type('\u001dd');
  await shows('detached');
  await passTime(LOOK_MS);
  await enter('holdfast upgrade', 'Upgraded');
  await enter('kill -9 $(daemon_pid)      # or the worst', 'worst');
  await enter('holdfast attach agent', 'tests pass');
  await passTime(2 * LOOK_MS);
  const { stdout } = await recording.home.cli(['export', session.id]);
  return stdout.toString();
}

async function toSvg(cast: string): Promise<string> {
  const folder = recording.home.scratch('tool');
  writeFileSync(path.join(folder, 'package.json'), '{}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...quiet, TOOL], { cwd: folder });
  const { render } = createRequire(path.join(folder, 'package.json'))('svg-term') as {
    render: (cast: string, options: object) => string;
  };
  return render(cast.replace(KEY_MODES, ''), { window: true, fps: 12, idle: 3_000 });
}
