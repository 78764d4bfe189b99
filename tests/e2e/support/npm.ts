import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from '@holdfast/testkit';
import type { TestContext } from 'vitest';

const run = promisify(execFile);
const INSTALL_MS = 120_000;
/** By itself npm tries for minutes. */
const PATIENCE = ['--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
/** What npm says when it can't get to the registry. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

/** Packs what is published of this tree; the tarballs by the names of their packages. */
export async function packAll(into: string): Promise<Record<string, string>> {
  const named = (await packed(into, repository)).map((file) => [
    path.basename(file).replace(/-\d+\.\d+\.\d+\.tgz$/, ''),
    file,
  ]);
  return Object.fromEntries(named);
}

/** Packs only `holdfast`, of any built tree. */
export async function packProgram(into: string, tree: string = repository): Promise<string> {
  return (await packed(into, tree, 'holdfast'))[0] ?? '';
}

async function packed(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [path.join(repository, 'scripts', 'pack.mjs'), ...args]);
  return stdout.trim().split('\n');
}

/** Installs tarballs as a user would; skips the test where npm can't get to the registry, for what they depend on. */
export async function install(
  context: TestContext,
  { into, tarballs, global = false }: { into: string; tarballs: readonly string[]; global?: boolean },
): Promise<void> {
  mkdirSync(into, { recursive: true });
  const args = [
    'install',
    '--prefix',
    into,
    ...(global ? ['--global'] : []),
    '--loglevel=error',
    ...PATIENCE,
  ];
  try {
    await run('npm', [...args, ...tarballs], { cwd: into, env: ownEnvironment(), timeout: INSTALL_MS });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const [unreachable] = UNREACHABLE.exec(said) ?? [];
    if (unreachable) context.skip(`needs the npm registry: ${unreachable}`);
    throw error;
  }
}

/** npm has its settings and its cache where it always has them, and not those of the npm that has started the tests. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const outer =
    /^npm_(config_(local_prefix|prefix|global_prefix|ignore_scripts)|package_|lifecycle_|command)/;
  const kept = Object.entries(process.env).filter(([name]) => !outer.test(name));
  return { ...Object.fromEntries(kept), HOME: os.homedir() };
}
