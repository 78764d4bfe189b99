import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { loadAllCommands } from '../commands.ts';
import { EXIT } from '../output/exit-codes.ts';
import { ENVIRONMENT } from './environment.ts';
import { manualPage } from './page.ts';

/** Long enough for every line. */
const WIDE = 1000;

/** The page as a terminal with so many columns shows it. */
async function shown(columns: number): Promise<{ text: string; warnings: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-'));
  try {
    const file = path.join(folder, 'holdfast.1');
    writeFileSync(file, manualPage(await loadAllCommands(), '1.2.3'));
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', MANWIDTH: String(columns), MANPAGER: 'cat' };
    const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], { env, encoding: 'utf8' });
    return { text: stdout, warnings: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inAscii(text: string): string {
  return text.replaceAll('…', '...');
}

describe('man', () => {
  beforeEach((context) => {
    if (spawnSync('man', ['--version']).status !== 0) context.skip('needs man');
  });

  test('shows the page without a warning, and in it every command, operand, option, detail and exit code', async () => {
    const { text, warnings } = await shown(WIDE);
    expect(warnings).toBe('');
    expect(text).toContain('Holdfast 1.2.3');
    const lines = text.split('\n').map((line) => line.trim());
    for (const { name, operands, options, details = [] } of await loadAllCommands()) {
      expect(lines).toContain(name);
      const section = lines.slice(lines.indexOf(name));
      expect(section[1]).toMatch(new RegExp(`^holdfast ${name}`));
      for (const operand of Object.keys(operands)) expect(section.join('\n')).toMatch(`\n${operand}`);
      for (const [option, { summary, short }] of Object.entries<Option>({ ...options, ...GLOBAL_OPTIONS })) {
        const row = section.findIndex((line) => line.startsWith(`${short ? `-${short}, ` : ''}--${option}`));
        expect(`${section[row]} ${section[row + 1]}`).toContain(inAscii(summary));
      }
      const prose = section.join(' ');
      for (const detail of details) expect(prose).toContain(inAscii(detail.trim()));
    }
    for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^ +${code} +\\w`, 'm'));
  });

  test('keeps all of it within a terminal of 80 columns', async () => {
    const { text, warnings } = await shown(80);
    expect(warnings).toBe('');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

test('the page knows the environment variables of docs/cli.md', () => {
  const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
  const [section = ''] = /^### Environment\n[^]*?(?=^\| \|)/m.exec(page) ?? [];
  const cells = section.split('\n').flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
  const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(Object.keys(ENVIRONMENT)).toEqual(names);
});
