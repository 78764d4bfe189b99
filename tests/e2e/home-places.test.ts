import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { eventually, TestHome, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';

interface Status {
  readonly daemon: { readonly pid: number };
}

/** A home by the XDG folders, used by a login that has XDG_RUNTIME_DIR and by a job of cron that has not. */
class Places implements AsyncDisposable {
  readonly home = new TestHome();
  readonly runtimeRoot = this.home.scratch('runtime');
  readonly #cron = { HOLDFAST_HOME: '', XDG_STATE_HOME: this.home.scratch('state') };
  readonly #login = { ...this.#cron, XDG_RUNTIME_DIR: this.runtimeRoot };

  login(...args: string[]): Promise<string> {
    return this.#run(this.#login, args);
  }

  cron(...args: string[]): Promise<string> {
    return this.#run(this.#cron, args);
  }

  async #run(env: Record<string, string>, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.home.cli(args, { env });
    if (code !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`);
    return stdout.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home.cli(['stop', '--yes'], { env: this.#login });
    await this.home[Symbol.asyncDispose]();
  }
}

async function names(list: Promise<string>): Promise<string[]> {
  return (JSON.parse(await list) as Session[]).map(({ name }) => name).toSorted();
}

async function daemonOf(status: Promise<string>): Promise<number> {
  return (JSON.parse(await status) as Status).daemon.pid;
}

test('who has no XDG_RUNTIME_DIR finds the daemon of who has, and the other way round', async () => {
  await using places = new Places();
  await places.login('new', '-d', '--name', 'by-login', '--', '/bin/cat');
  await places.cron('new', '-d', '--name', 'by-cron', '--', '/bin/cat');
  expect(await names(places.login('ls', '--json'))).toEqual(['by-cron', 'by-login']);
  expect(await names(places.cron('ls', '--json'))).toEqual(['by-cron', 'by-login']);
  await places.cron('stop', '--yes');
  // Nothing is left that leads to where nobody is.
  await places.cron('new', '-d', '--name', 'later', '--', '/bin/cat');
  expect(existsSync(path.join(places.runtimeRoot, 'holdfast/default/daemon.sock'))).toBe(false);
  expect(await names(places.login('ls', '--json'))).toContain('later');
}, 60_000);

test('a runtime folder that is removed is made anew, and so is the socket in it, also after a crash', async () => {
  await using places = new Places();
  await places.login('new', '-d', '--name', 'stays', '--', '/bin/cat');
  const daemon = await daemonOf(places.login('status', '--json'));
  rmSync(path.join(places.runtimeRoot, 'holdfast'), { recursive: true });
  expect(await names(places.login('ls', '--json'))).toEqual(['stays']);
  expect(await daemonOf(places.cron('status', '--json'))).toBe(daemon);
  const keeperSocket = path.join(places.runtimeRoot, 'holdfast/default/keeper.sock');
  await eventually('the keeper is found again', () => existsSync(keeperSocket));
  rmSync(path.join(places.runtimeRoot, 'holdfast/default/daemon.sock'));
  process.kill(daemon, 'SIGKILL');
  await untilEnded(daemon);
  const next = await eventually('another daemon serves', async () => {
    const { code, stdout } = await places.home.cli(['status', '--json'], {
      env: { HOLDFAST_HOME: '', XDG_STATE_HOME: places.home.scratch('state') },
    });
    return code === 0 ? (JSON.parse(stdout.toString()) as Status).daemon.pid : undefined;
  });
  expect(next).not.toBe(daemon);
  expect(await names(places.cron('ls', '--json'))).toEqual(['stays']);
}, 60_000);

test('the daemon does not open the debugger of Node, whoever asks for it', async () => {
  await using places = new Places();
  await places.login('new', '-d', '--', '/bin/cat');
  const daemon = await daemonOf(places.login('status', '--json'));
  const [, ignored = ''] =
    /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${daemon}/status`, 'utf8')) ?? [];
  const bit = 1n << BigInt(constants.signals.SIGUSR1 - 1);
  expect(BigInt(`0x${ignored}`) & bit).toBe(bit);
});
