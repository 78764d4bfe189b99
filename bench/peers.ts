import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { environment, Holdfast } from './holdfast.ts';
import type { Bench } from './measure.ts';
import { Terminal } from './terminal.ts';

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
}

/** The plain terminal is the limit; it comes first, Holdfast last. */
const PEERS: readonly Peer[] = [
  { name: 'direct', attach: ({ shell }) => `exec ${shell}` },
  {
    name: 'dtach',
    program: 'dtach',
    attach: ({ folder, shell }) => `exec dtach -A ${folder}/socket ${shell}`,
  },
  {
    name: 'tmux',
    program: 'tmux',
    env: ({ folder }) => ({ TMUX_TMPDIR: folder }),
    attach: ({ shell }) => `exec tmux -L bench -f /dev/null new ${shell}`,
  },
  {
    name: 'screen',
    program: 'screen',
    env: ({ folder }) => ({ SCREENDIR: folder }),
    attach: ({ shell }) => `exec screen -c /dev/null ${shell}`,
  },
  {
    name: 'holdfast',
    env: ({ folder }) => ({ HOLDFAST_HOME: folder }),
    attach: ({ shell, holdfast }) => `exec ${holdfast} new -- ${shell}`,
  },
];

/** A peer with an attached client whose shell waits for input. */
export interface AttachedPeer {
  readonly name: string;
  readonly terminal: Terminal;
  /** Named in the environment of all its processes. */
  readonly folder: string;
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

async function attach(peer: Peer, { folder, reactor, scope, options }: Bench): Promise<AttachedPeer> {
  const home = path.join(folder, peer.name);
  mkdirSync(home, { mode: 0o700 });
  const place: Place = { folder: home, shell: path.join(home, 'shell'), holdfast: options.holdfast };
  writeFileSync(place.shell, `#!/bin/sh\necho $$ >${home}/shell.pid\nexec sh\n`, { mode: 0o700 });
  if (peer.name === 'holdfast') scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
  // A server that outlives its client ends with its only shell.
  scope.defer(() => killShell(path.join(home, 'shell.pid')));
  const terminal = scope.own(
    new Terminal(reactor, peer.attach(place), environment({ TMPDIR: home, ...peer.env?.(place) })),
  );
  await terminal.until('$ ');
  // Not what is echoed, but what the shell makes of it.
  const ready = terminal.until('ready');
  terminal.type('echo re""ady\r');
  await ready;
  await terminal.quiet();
  return { name: peer.name, terminal, folder: home };
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
