import { existsSync, lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { HoldfastError } from '@holdfast/protocol';

/** Where one namespace lives: its sockets and locks, its state and histories. */
export interface Home {
  /** `default` unless another was named. */
  readonly namespace: string;
  /** Sockets, histories in memory. */
  readonly runtimeDir: string;
  /** State, histories, the log, and the locks: a lock lies beside what it is for. */
  readonly stateDir: string;
  /** Where clients find the daemon. */
  readonly socketPath: string;
  /** Held, by flock, as long as a keeper or a daemon has the home. */
  readonly lockPath: string;
  /** Where the keeper takes requests, and what it says of itself. */
  readonly keeperSocketPath: string;
  readonly keeperReportPath: string;
  /** What the daemon tells of. */
  readonly logPath: string;
  /** Whoever starts, stops or resumes the daemon holds it, by flock, as long as that takes. */
  readonly lifecycleLockPath: string;
  /** What is believed of the daemon by who can't ask it. */
  readonly manifestPath: string;
  /** What is kept of failed updates. */
  readonly updateRecordPath: string;
  /** What supervisors of all processes tell of. */
  readonly supervisorLogPath: string;
  /** What is shown as "home": HOLDFAST_HOME if that is set, else the state folder. */
  readonly label: string;
}

/** What can be the name of a namespace: it becomes that of a folder. */
export const NAMESPACE = /^(?!\.)[A-Za-z0-9._-]{1,64}$/;

/**
 * The home that an environment and `--namespace` mean. HOLDFAST_HOME puts everything under one folder; else the XDG
 * folders count, of which relative ones are ignored, as their specification says. A daemon leaves a link to its runtime
 * folder in the state folder, and that counts more: a login has XDG_RUNTIME_DIR, and cron or `su` may not.
 * Throws E_USAGE for a namespace that can't be one.
 */
export function resolveHome(env: Readonly<Record<string, string | undefined>>, namespace?: string): Home {
  const name = namespace ?? (env['HOLDFAST_NAMESPACE'] || 'default');
  if (!NAMESPACE.test(name)) {
    throw new HoldfastError(
      'E_USAGE',
      `can't use ${JSON.stringify(name)} as a namespace: 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot`,
    );
  }
  const given = env['HOLDFAST_HOME'];
  if (given) {
    const dir = join(resolve(given), name);
    return home({ namespace: name, runtimeDir: dir, stateDir: dir, label: given });
  }
  const stateRoot = absolute(env['XDG_STATE_HOME']) ?? join(env['HOME'] || homedir(), '.local', 'state');
  const stateDir = join(stateRoot, 'holdfast', name);
  const runtimeRoot = absolute(env['XDG_RUNTIME_DIR']);
  const ours = runtimeRoot ? join(runtimeRoot, 'holdfast', name) : join(stateDir, 'run');
  const runtimeDir = linked(join(stateDir, 'runtime')) ?? ours;
  return home({ namespace: name, runtimeDir, stateDir, label: stateDir });
}

/**
 * Refuses a home whose folders somebody else owns or may write to: he could be the one who answers there.
 * A folder that does not exist yet is fine. Throws E_NO_DAEMON.
 */
export function checkHome(home: Home): void {
  for (const folder of new Set([home.runtimeDir, home.stateDir])) {
    const refuse = (why: string, cause?: unknown): never => {
      throw new HoldfastError('E_NO_DAEMON', `can't use the folder ${folder}: ${why}`, { cause });
    };
    const stat = look(folder, refuse);
    if (!stat) continue;
    if (!stat.isDirectory()) refuse('it is not a folder');
    if (stat.uid !== process.getuid?.()) refuse(`it belongs to user ${stat.uid}`);
    if (stat.mode & 0o022) refuse(`other users may write to it (mode ${(stat.mode & 0o777).toString(8)})`);
  }
}

/** Creates the home's folders, private to this user, and checks them. Throws E_NO_DAEMON. */
export function createHome(home: Home): void {
  for (const folder of [home.runtimeDir, home.stateDir]) {
    try {
      createFolder(folder);
    } catch (cause) {
      throw new HoldfastError('E_NO_DAEMON', `can't create the folder ${folder}: ${reason(cause)}`, {
        cause,
      });
    }
  }
  checkHome(home);
}

/** Undefined if nothing is there yet. */
function look(folder: string, refuse: (why: string, cause: unknown) => never): Stats | undefined {
  try {
    return lstatSync(folder, { throwIfNoEntry: false });
  } catch (cause) {
    return refuse(reason(cause), cause);
  }
}

/** With its parents. Not Node's `recursive`, which never ends where a folder can't have children, as in /proc. */
function createFolder(folder: string): void {
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) createFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** What people call the commonest of Node's errors; its own message names the system call and the path, too. */
function reason(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOTDIR':
      return 'something above it is not a folder';
    case 'ENOENT':
      return 'no folder can be made there';
    case 'EACCES':
    case 'EPERM':
      return 'no permission';
    case 'EROFS':
      return 'the disk is read-only';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function home(parts: Pick<Home, 'namespace' | 'runtimeDir' | 'stateDir' | 'label'>): Home {
  return {
    ...parts,
    socketPath: join(parts.runtimeDir, 'daemon.sock'),
    lockPath: join(parts.stateDir, 'lock'),
    keeperSocketPath: join(parts.runtimeDir, 'keeper.sock'),
    keeperReportPath: join(parts.runtimeDir, 'keeper.json'),
    logPath: join(parts.stateDir, 'daemon.log'),
    lifecycleLockPath: join(parts.stateDir, 'lifecycle.lock'),
    manifestPath: join(parts.runtimeDir, 'daemon.json'),
    updateRecordPath: join(parts.stateDir, 'update.json'),
    supervisorLogPath: join(parts.stateDir, 'supervisor.log'),
  };
}

/** The folder that a link leads to; undefined if there is none. */
function linked(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    return existsSync(target) ? target : undefined;
  } catch {
    return undefined;
  }
}

function absolute(path: string | undefined): string | undefined {
  return path && isAbsolute(path) ? path : undefined;
}
