import { execFileSync } from 'node:child_process';
import { startDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { plays } from '../recordings/plays.ts';
import { LivePlay } from './support/live-play.ts';
import { needs } from './support/needs.ts';
import { upgrade } from './support/upgrades.ts';

const PROGRAMS = [
  'vim',
  'less',
  'nano',
  'htop',
  'tmux',
  'screen',
  'fish',
  'zsh',
  'mc',
  'fzf',
  'dialog',
  'top',
  'man',
  'node',
] as const;
/** A play whose program has not begun, or ended at once, writes less. */
const LEAST_BYTES = 1_500;

describe('whoever attaches at any moment has the terminal of one who was always attached, then and later, over an upgrade and a crash', () => {
  test.concurrent.for([...PROGRAMS])('to %s', { timeout: 120_000 }, async (name, context) => {
    needs(context, name);
    if (name === 'man' && !hasManual('bash')) context.skip('needs the manual of bash');
    const play = plays.find((one) => one.name === name);
    if (!play) throw new Error(`no play of ${name}`);
    await using daemon = await startDaemon({ keeper: true });
    using live = await LivePlay.begin(daemon, play);
    await live.typeTo(1 / 3);
    await live.attach();
    await upgrade(daemon);
    await live.typeTo(2 / 3);
    await live.attach();
    await live.untilAllSame();
    for (const { offset, incomplete, found } of live.beginnings())
      expect({ offset, incomplete, found }).toEqual({ offset, incomplete: [], found: [] });
    await daemon.killServing();
    await live.attach();
    await live.typeTo(1);
    await live.attach();
    await live.untilAllSame();
    for (const { offset, found } of live.beginnings())
      expect({ offset, found }).toEqual({ offset, found: [] });
    expect(live.always.recording.bytes.length).toBeGreaterThan(LEAST_BYTES);
  });
});

function hasManual(page: string): boolean {
  try {
    execFileSync('man', ['-w', page], { stdio: 'ignore' });
    return true;
  } catch {
    // There is no such page.
    return false;
  }
}
