import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const CLI = path.join(repository, 'dist', 'cli');
/** Those that talk to a daemon and to nothing else. Libc costs as much time to load as all the rest of them. */
const WITHOUT_LIBC = ['ls', 'send', 'kill', 'rename', 'resize', 'forget', 'status', 'wait', 'welcome'];

test('commands that only talk to the daemon load no libc', async () => {
  const chunks = await readdir(path.join(CLI, 'chunks'));
  for (const name of WITHOUT_LIBC) {
    const chunk = chunks.find((file) => file.startsWith(`${name}-`) && file.endsWith('.js'));
    const loaded = await loadedBy([path.join(CLI, 'main.js'), path.join(CLI, 'chunks', chunk ?? name)]);
    expect(loaded, `holdfast ${name}`).not.toContain('koffi');
  }
});

/** What is loaded before anything is run: the files, and all that they import at once. */
async function loadedBy(files: readonly string[]): Promise<string[]> {
  const loaded = new Set(files);
  for (const file of loaded) {
    if (!path.isAbsolute(file)) continue;
    const code = await readFile(file, 'utf8');
    for (const [, from = ''] of code.matchAll(/^(?:import|export|\}) .*?["']([^"']+)["'];$/gm)) {
      loaded.add(from.startsWith('.') ? path.resolve(path.dirname(file), from) : from);
    }
  }
  return [...loaded];
}
