import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GLOBAL_OPTIONS, type Options } from './command-table.ts';
import { COMMAND_NAMES, loadCommand } from './commands.ts';
import { EXIT } from './output/exit-codes.ts';
import { commandHelp } from './output/help.ts';

const page = fs.readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);

/** The text under a heading, down to the next one of its level or a higher one. */
function section(heading: string): string {
  const [level] = heading.split(' ');
  const start = page.indexOf(`\n${heading}\n`) + 1;
  expect(start, `the heading "${heading}"`).toBeGreaterThan(0);
  const rest = page.slice(start + heading.length);
  const end = rest.search(new RegExp(`^#{1,${level?.length}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** What the first cells of the tables' rows say. */
function firstCells(text: string, isWanted: RegExp): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return rows
    .map((line) => (line.split(/(?<!\\)\|/)[1] ?? '').trim().replaceAll('`', '').replaceAll('\\|', '|'))
    .filter((cell) => isWanted.test(cell));
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** `-d, --detached`, `--name N`: as the page writes an option. */
function spellings(options: Options): string[] {
  return Object.entries(options).map(
    ([name, { short, value }]) => `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
  );
}

describe('docs/cli.md says what the code says', () => {
  test('about which commands there are', () => {
    expect(titles.slice(1)).toEqual(COMMAND_NAMES);
    for (const name of COMMAND_NAMES) expect(page).toContain(`[${name}](#${name})`);
  });

  test.for(COMMAND_NAMES)('about the usage and the options of %s', async (name) => {
    const command = await loadCommand(name);
    const text = section(`## ${name}`);
    const [, usage = ''] = /^```\n(.*?)```$/ms.exec(text) ?? [];
    const [helped = ''] = commandHelp(command).split('\n\n');
    expect(`usage: ${oneLine(usage)}`).toBe(oneLine(helped));
    expect(firstCells(text, /^-/)).toEqual(spellings(command.options));
  });

  test('about the options of all commands', () => {
    expect(firstCells(section('## What holds for all commands'), /^-/)).toEqual(spellings(GLOBAL_OPTIONS));
  });

  test('about exit codes', () => {
    const told = firstCells(section('### Exit codes'), /^\d+$/);
    expect(told.map(Number)).toEqual(Object.values(EXIT));
  });
});
