import fs from 'node:fs';
import path from 'node:path';
import { netConnector } from '@holdfast/client';
import { type Home, isAccepting, isHomeInUse } from '@holdfast/supervisor';
import { connectIfRunning } from '@holdfast/supervisor/connect';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import type { Context } from '../context.ts';
import { type Check, type Finding, ok, warn } from './finding.ts';

/** What is younger may be in the making. */
const SETTLED_MS = 60_000;
/** Of a finding's files so many are named. */
const NAMED_MAX = 3;
const MIB = 1024 * 1024;
const LOGS = new Set(['daemon.log', 'keeper.log', 'supervisor.log'].flatMap((name) => [name, `${name}.1`]));
/** A log is renamed beyond 5 MiB; what is much longer is not written by a daemon that works. */
const LOG_BYTES_MAX = 16 * MIB;

/** Sockets, and files beside them, of processes that have gone. */
export const sockets: Check = {
  name: 'old sockets',
  run({ home }) {
    // Where somebody has the home, whether it answers is another check.
    if (isHomeInUse(home)) return ok('none: they are in use');
    const files = [home.socketPath, home.keeperSocketPath, home.keeperReportPath];
    const left = files.filter(isThere);
    if (left.length === 0) return ok('none');
    const whose = 'of a daemon and a keeper that were killed, or went down with the machine';
    return ok(`${left.length} ${whose}: ${left.join(', ')}; the next daemon replaces them`);
  },
};

/** Folders of sessions that no daemon knows or would know. */
export const sessionFolders: Check = {
  name: 'old sessions',
  async run(context) {
    const { stateDir, runtimeDir } = context.home;
    // Before the daemon is asked: what it opens meanwhile is none of these.
    const folders = list(path.join(stateDir, 'sessions'));
    const beside = ['memory', 'agents']
      .flatMap((name) => list(path.join(runtimeDir, name)))
      .filter(isSettled);
    const known = await knownSessions(context);
    const isKnown = (folder: string) =>
      known?.has(path.basename(folder)) ?? isThere(path.join(folder, 'state.json'));
    const withFolder = new Set([...(known ?? []), ...folders.map((folder) => path.basename(folder))]);
    const unknown = [
      ...folders.filter((folder) => isSettled(folder) && !isKnown(folder)),
      ...beside.filter((file) => !withFolder.has(path.basename(file))),
    ];
    return judge(unknown, 'without a session', {
      why: 'they take room, and nobody looks at them',
      hint: 'see holdfast logs for why a session is not served; else remove them',
    });
  },
};

/** What was damaged, and is kept for people to look at. */
export const setAside: Check = {
  name: 'set aside',
  run({ home }) {
    return judge(list(path.join(home.stateDir, 'set-aside')), 'that could not be read', {
      why: 'what a session had printed may be in them, and they take room',
      hint: 'look at them (ring has the bytes), and remove them',
    });
  },
};

/** Files that were to take the place of others. */
export const temporaryFiles: Check = {
  name: 'half-written',
  run({ home }) {
    const all = [...new Set([home.stateDir, home.runtimeDir])].flatMap(filesIn);
    const unfinished = all.filter((file) => /\.(new|tmp)$/.test(file)).filter(isSettled);
    return judge(unfinished, 'that were being written when their writer ended', {
      why: 'they take room, and nobody reads them: the files whose place they were to take are whole',
      hint: 'remove them',
    });
  },
};

/** Runtime folders of homes that are gone, and a link to one that is. */
export const runtimeFolders: Check = {
  name: 'old folders',
  run({ env, home }) {
    const link = path.join(home.stateDir, 'runtime');
    const isDangling = fs.lstatSync(link, { throwIfNoEntry: false }) !== undefined && !fs.existsSync(link);
    return judge(
      [...(isDangling ? [link] : []), ...foldersWithoutState(env, home)],
      'of homes that are gone',
      {
        why: 'nobody can be reached there',
        hint: 'remove them',
      },
    );
  },
};

/** Logs that no daemon writes, or that have grown beyond what one lets them. */
export const logs: Check = {
  name: 'logs',
  run({ home: { stateDir } }) {
    const all = list(stateDir).filter((file) => /\.log(\.|$)/.test(path.basename(file)));
    const bytes = all.reduce((sum, file) => sum + sizeOf(file), 0);
    const old = all.filter((file) => !LOGS.has(path.basename(file)) || sizeOf(file) > LOG_BYTES_MAX);
    if (old.length === 0) return ok(`${Math.ceil(bytes / MIB)} MiB of logs`);
    return judge(old, 'that nobody writes, or too long', {
      why: 'they take room, and no daemon removes them',
      hint: 'keep what you need of them, and remove them',
    });
  },
};

function judge(files: readonly string[], which: string, explanation: { why: string; hint: string }): Finding {
  if (files.length === 0) return ok('none');
  const named = files.slice(0, NAMED_MAX).join(', ');
  return warn(`${files.length} ${which}: ${named}${files.length > NAMED_MAX ? ', …' : ''}`, explanation);
}

/** Of the daemon, those set aside included; undefined: none runs, or it does not answer, which is another check. */
async function knownSessions({ home }: Context): Promise<Set<string> | undefined> {
  try {
    const connector = netConnector(home.socketPath);
    const client = await connectIfRunning(home, { connector, name: 'holdfast doctor' });
    if (!client) return undefined;
    const { sessions } = await client.request('list', {});
    const { aside = [] } = await client.request('status', {});
    client.close();
    return new Set([...sessions, ...aside].map(({ id }) => id));
  } catch {
    return undefined; // HoldfastError: E_NO_DAEMON, E_HELD
  }
}

/** Beside this one's, and of nobody who lives: their state may be elsewhere. By XDG_RUNTIME_DIR each home has a folder for its sockets, and another for its state. */
function foldersWithoutState(env: NodeJS.ProcessEnv, home: Home): string[] {
  const { namespace, stateDir } = home;
  const root = env['XDG_RUNTIME_DIR'];
  if (env['HOLDFAST_HOME'] || !root || path.basename(stateDir) !== namespace) return [];
  return list(path.join(root, 'holdfast')).filter(
    (folder) =>
      isSettled(folder) &&
      !isThere(path.join(path.dirname(stateDir), path.basename(folder))) &&
      !isServed(folder, home),
  );
}

function isServed(folder: string, home: Home): boolean {
  const inFolder = (file: string) => path.join(folder, path.basename(file));
  if (keeperReport({ ...home, keeperReportPath: inFolder(home.keeperReportPath) })) return true;
  return [home.socketPath, home.keeperSocketPath].some((socket) => {
    try {
      return isAccepting({ ...home, socketPath: inFolder(socket) });
    } catch {
      return true; // E_NO_DAEMON: who can't be asked may well be there.
    }
  });
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder).map((name) => path.join(folder, name));
  } catch {
    return []; // ENOENT
  }
}

/** Not those of folders that links lead to. */
function filesIn(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch {
    return []; // ENOENT: there is no home yet, or something of it has just gone.
  }
}

function isThere(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isSettled(file: string): boolean {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > SETTLED_MS;
}

function sizeOf(file: string): number {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
