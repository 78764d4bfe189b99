import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  ByteLog,
  eventually,
  installation,
  pythonPath,
  repository,
  TestHome,
  within,
} from '@holdfast/testkit';

const run = promisify(execFile);
const SYSTEMD = '/lib/systemd/systemd';
const RUNTIME_DIR = `/run/user/${process.getuid?.()}`;

/** Arguments: a folder to mount at, and a name for a control group. Everything it makes is seen by its own processes only, but for the control group. */
const PREPARE = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p -m 700 /run/systemd/system "$XDG_RUNTIME_DIR"
mount -t cgroup2 none "$1"
mkdir "$1/$2"
echo $$ >"$1/$2/cgroup.procs"
exec unshare -C sh -c '
  set -e
  umount -l /sys/fs/cgroup
  mount -t cgroup2 none /sys/fs/cgroup
  exec ${SYSTEMD} --user --log-target=console'
`;
/** systemd itself removes what is empty when it ends. */
const REMOVE_GROUP =
  'mount -t cgroup2 none "$1" && if [ -e "$1/$2" ]; then find "$1/$2" -depth -type d -exec rmdir {} +; fi';

/** Why none can be started here; undefined if one can. */
export function whyNoUserSystemd(): string | undefined {
  for (const [name, args] of [
    ['systemctl', ['--version']],
    [SYSTEMD, ['--version']],
    ['unshare', ['--version']],
    ['nsenter', ['--version']],
  ] as const) {
    if (spawnSync(name, args).status !== 0) return `needs ${name}`;
  }
  return spawnSync('unshare', ['-m', '-C', 'true']).status === 0
    ? undefined
    : 'needs root, with the right to make namespaces';
}

/** A real `systemd --user` in namespaces of its own, and a home and an installation whose paths are hard to quote. */
export class UserSystemd implements AsyncDisposable {
  readonly home: TestHome;
  readonly #root = mkdtempSync('/tmp/hf-');
  readonly #group = path.basename(this.#root);
  readonly #said = new ByteLog();
  readonly #manager: ChildProcess;
  readonly #ended: Promise<unknown>;

  static async start(): Promise<UserSystemd> {
    const systemd = new UserSystemd();
    try {
      await eventually('systemd answers', () => systemd.#answers());
      return systemd;
    } catch (error) {
      const said = systemd.#said.text;
      await systemd[Symbol.asyncDispose]();
      throw new Error(`systemd said:\n${said}`, { cause: error });
    }
  }

  private constructor() {
    const tree = path.join(this.#root, 'a 100% ${HOME}');
    symlinkSync(repository, tree);
    mkdirSync(this.#mountPoint);
    this.home = new TestHome({ folderName: 'the"home"of50%h', installation: installation(tree) });
    // What it starts has to learn of the home by its unit.
    const { HOLDFAST_HOME: _, ...env } = this.#env;
    this.#manager = spawn('unshare', ['-m', '-C', 'sh', '-c', PREPARE, 'sh', this.#mountPoint, this.#group], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#manager.stdout, this.#manager.stderr])
      stream?.on('data', (chunk: Buffer) => this.#said.push(chunk));
    this.#ended = new Promise((resolve) => this.#manager.on('exit', resolve));
  }

  /** Runs the command line as somebody who is logged in here. */
  cli(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return this.#inside(this.home.installation.bin, ...args);
  }

  /** Of systemd itself. */
  get pid(): number {
    return this.#manager.pid ?? -1;
  }

  /** Tells systemd that memory was too short for a unit, as `systemd-oomd` does when it ends processes of it. */
  async tellOutOfMemory(unit: string, times: number): Promise<void> {
    const group = (await this.systemctl('show', unit, '-P', 'ControlGroup')).trim();
    const script =
      'import os, sys; [os.setxattr(sys.argv[1], name, sys.argv[2].encode()) for name in ("user.oomd_ooms", "user.oomd_kill")]';
    await this.#inside(pythonPath(), '-SEc', script, path.join('/sys/fs/cgroup', group), String(times));
  }

  async systemctl(...args: string[]): Promise<string> {
    return (await this.#inside('systemctl', '--user', ...args)).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#manager.kill('SIGTERM');
    try {
      await within('the end of systemd', this.#ended);
    } finally {
      this.#manager.kill('SIGKILL');
      await this.home[Symbol.asyncDispose]();
      await run('unshare', ['-m', '-C', 'sh', '-c', REMOVE_GROUP, 'sh', this.#mountPoint, this.#group]);
      rmSync(this.#root, { recursive: true });
    }
  }

  async #answers(): Promise<boolean> {
    if (this.#manager.exitCode !== null) throw new Error('systemd has ended');
    try {
      return (await this.systemctl('is-system-running')).trim() === 'running';
    } catch {
      return false; // not yet
    }
  }

  #inside(...command: string[]): Promise<{ stdout: string; stderr: string }> {
    return run('nsenter', ['-t', String(this.#manager.pid), '-m', '-C', ...command], { env: this.#env });
  }

  get #mountPoint(): string {
    return path.join(this.#root, 'cgroup');
  }

  get #env(): Record<string, string> {
    return { ...this.home.env, XDG_RUNTIME_DIR: RUNTIME_DIR };
  }
}
