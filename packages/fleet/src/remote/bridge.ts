import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { encodeControl, HoldfastError } from '@holdfast/protocol';
import type { Dialer } from './dial.ts';

const FOLDER = 'holdfast-fleet-';
const LEFT = /^holdfast-fleet-(\d+)-/;

export interface Bridge {
  /** Of a socket that only this user can reach: to a client it is the host's daemon. */
  readonly socketPath: string;
  /** Holds the socket and nothing else. To be removed by whoever ends the process. */
  readonly folder: string;
}

/**
 * A socket of this machine each connection to which is a tunnel to a host's daemon. So everything that can talk to a daemon can
 * talk to one elsewhere.
 */
export async function openBridge(dialer: Dialer): Promise<Bridge> {
  removeLeftFolders();
  const folder = mkdtempSync(path.join(tmpdir(), `${FOLDER}${process.pid}-`)); // mode 0700
  const socketPath = path.join(folder, 'daemon.sock');
  const server = createServer((socket) => void carry(socket, dialer));
  await listening(server, socketPath);
  return { socketPath, folder };
}

/** Of processes that were killed before they could. */
function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = LEFT.exec(name) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const folder = path.join(tmpdir(), name);
    try {
      if (statSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    } catch {
      // ENOENT: another one has removed it.
    }
  }
}

/** Also if it is another user's. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function carry(socket: Socket, dialer: Dialer): Promise<void> {
  socket.on('error', ignore); // Its end is what counts.
  try {
    const tunnel = await dialer.dial();
    pipeline(socket, tunnel, socket, ignore);
  } catch (error) {
    const { code, message } =
      error instanceof HoldfastError ? error : { code: 'E_INTERNAL', message: String(error) };
    socket.end(encodeControl({ event: 'closing', code, message }));
    socket.resume();
  }
}

function listening(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
}

function ignore(): void {}
