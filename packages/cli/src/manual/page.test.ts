import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { loadAllCommands } from '../commands.ts';
import { EXIT } from '../output/exit-codes.ts';
import { ENVIRONMENT } from './environment.ts';
import { manualPage } from './page.ts';

/** The page as a terminal shows it, in lines that are long enough for everything. */
async function shown(): Promise<{ text: string; warnings: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-'));
  try {
    const file = path.join(folder, 'holdfast.1');
    writeFileSync(file, manualPage(await loadAllCommands(), '1.2.3'));
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', MANWIDTH: '500', MANPAGER: 'cat' };
    const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], { env, encoding: 'utf8' });
    return { text: stdout, warnings: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inAscii(text: string): string {
  return text.replaceAll('…', '...');
}

test('man shows the page without a warning, and in it every command, operand, option, detail and exit code', async (context) => {
  if (spawnSync('man', ['--version']).status !== 0) context.skip('needs man');
  const { text, warnings } = await shown();
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
    for (const detail of details) expect(section).toContain(inAscii(detail.trim()));
  }
  for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^ +${code} +\\w`, 'm'));
});

test('the page knows the environment variables of docs/cli.md', () => {
  const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
  const [section = ''] = /^### Environment\n[^]*?(?=^\| \|)/m.exec(page) ?? [];
  const cells = section.split('\n').flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
  const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(Object.keys(ENVIRONMENT)).toEqual(names);
});
