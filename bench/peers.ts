import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { environment, Holdfast } from './holdfast.ts';
import type { Bench } from './measure.ts';
import { Terminal } from './terminal.ts';

/** For a server to notice that a session has ended. */
const END_MS = 500;

/** Where one peer keeps its socket, and the shell it is to run. */
interface Place {
  readonly folder: string;
  readonly shell: string;
  readonly holdfast: string;
}

/** A way to have a shell in a terminal. */
interface Peer {
  readonly name: string;
  /** Program that must be installed. */
  readonly program?: string;
  readonly env?: (place: Place) => Record<string, string>;
  /** Opens a session with the shell in the terminal in which it is run, and stays attached. */
  readonly attach: (place: Place) => string;
  /** Opens another session of that program, with no viewer, and ends at once. Absent: there is no such thing. */
  readonly openBeside?: (place: Place, program: string) => string;
  /** Attaches to that session again, and is shown its screen. Absent: nothing shows it. */
  readonly attachAgain?: (place: Place) => string;
}

/** The plain terminal is the limit; it comes first, Holdfast last. */
const PEERS: readonly Peer[] = [
  { name: 'direct', attach: ({ shell }) => `exec ${shell}` },
  {
    name: 'dtach',
    program: 'dtach',
    attach: ({ folder, shell }) => `exec dtach -A ${folder}/socket ${shell}`,
    openBeside: ({ folder }, program) => `exec dtach -n ${folder}/beside ${program}`,
  },
  {
    name: 'tmux',
    program: 'tmux',
    env: ({ folder }) => ({ TMUX_TMPDIR: folder }),
    attach: ({ shell }) => `exec tmux -L bench -f /dev/null new ${shell}`,
    openBeside: (_, program) => `exec tmux -L bench -f /dev/null new -d -s beside ${program}`,
    attachAgain: () => 'exec tmux -L bench attach -t beside',
  },
  {
    name: 'screen',
    program: 'screen',
    env: ({ folder }) => ({ SCREENDIR: folder }),
    attach: ({ shell }) => `exec screen -c /dev/null ${shell}`,
    openBeside: (_, program) => `exec screen -c /dev/null -dmS beside ${program}`,
    attachAgain: () => 'exec screen -x beside',
  },
  {
    name: 'holdfast',
    env: ({ folder }) => ({ HOLDFAST_HOME: folder }),
    attach: ({ shell, holdfast }) => `exec ${holdfast} new -- ${shell}`,
    openBeside: ({ holdfast }, program) => `exec ${holdfast} new -d --name beside -- ${program}`,
    attachAgain: ({ holdfast }) => `exec ${holdfast} attach beside`,
  },
];

/** A peer with an attached client whose shell waits for input. */
export interface AttachedPeer {
  readonly name: string;
  readonly terminal: Terminal;
  /** Named in the environment of all its processes. */
  readonly folder: string;
  /** Runs a shell script in another session of the same server, which nobody views; resolves when that is open. */
  readonly besides: (script: string) => Promise<Beside>;
}

/** A session beside the one that is attached. */
export interface Beside extends AsyncDisposable {
  /** Opens it again in a terminal of its own, if the peer can; to be disposed of. */
  readonly attach: (() => Terminal) | undefined;
}

/** Attaches to every peer that is installed, and names the others. */
export async function attachPeers(bench: Bench): Promise<{ peers: AttachedPeer[]; missing: string[] }> {
  const peers: AttachedPeer[] = [];
  const missing: string[] = [];
  for (const peer of PEERS) {
    if (peer.program && !isInstalled(peer.program)) missing.push(peer.name);
    else peers.push(await attach(peer, bench));
  }
  if (missing.length > 0) bench.progress(`not installed, and left out: ${missing.join(', ')}`);
  return { peers, missing };
}

async function attach(peer: Peer, bench: Bench): Promise<AttachedPeer> {
  const { folder, reactor, scope, options } = bench;
  const home = path.join(folder, peer.name);
  mkdirSync(home, { mode: 0o700 });
  const place: Place = { folder: home, shell: path.join(home, 'shell'), holdfast: options.holdfast };
  writeFileSync(place.shell, `#!/bin/sh\necho $$ >${home}/shell.pid\nexec sh\n`, { mode: 0o700 });
  if (peer.name === 'holdfast') scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
  // A server that outlives its client ends with its only shell.
  scope.defer(() => killShell(path.join(home, 'shell.pid')));
  const env = environment({ TMPDIR: home, ...peer.env?.(place) });
  const terminal = scope.own(new Terminal(reactor, peer.attach(place), env));
  await terminal.until('$ ');
  // Not what is echoed, but what the shell makes of it.
  const ready = terminal.until('ready');
  terminal.type('echo re""ady\r');
  await ready;
  await terminal.quiet();
  const besides = (script: string) => openBeside(peer, { place, script, env, bench });
  return { name: peer.name, terminal, folder: home, besides };
}

/** Where a peer has no other sessions, a terminal of its own that is read as fast. */
async function openBeside(
  peer: Peer,
  { place, script, env, bench }: { place: Place; script: string; env: Record<string, string>; bench: Bench },
): Promise<Beside> {
  const program = path.join(place.folder, 'beside.sh');
  const pidFile = `${program}.pid`;
  rmSync(pidFile, { force: true });
  writeFileSync(program, `#!/bin/sh\necho $$ >${pidFile}\n${script}\n`, { mode: 0o700 });
  const { openBeside: open, attachAgain } = peer;
  const own = open ? undefined : new Terminal(bench.reactor, `exec ${program}`, env);
  if (open) await run(open(place, program), env);
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await delay(10);
  return {
    attach: attachAgain && (() => new Terminal(bench.reactor, attachAgain(place), env)),
    async [Symbol.asyncDispose]() {
      killShell(pidFile);
      await own?.[Symbol.asyncDispose]();
      // Its server may look at the end a little later.
      await delay(END_MS);
      if (peer.name === 'holdfast') await run(`exec ${place.holdfast} forget beside`, env);
    },
  };
}

/** Runs a command to its end. Throws Error with what it said if it fails. */
function run(command: string, env: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', command], { env }, (error, _, stderr) => {
      if (error) reject(new Error(`${command}: ${stderr.trim() || error.message}`));
      else resolve();
    });
  });
}

function killShell(pidFile: string): void {
  if (!existsSync(pidFile)) return;
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch (error) {
    // It has been hung up already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
