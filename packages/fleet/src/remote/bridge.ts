import { mkdtempSync, renameSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { encodeControl, HoldfastError } from '@holdfast/protocol';
import type { Dialer } from './dial.ts';

const FOLDER = 'holdfast-fleet-';
const SOCKET = 'daemon.sock';
/** What its name is until it is listened to: so a socket of the other name has nobody only when its process is gone. */
const NEW_SOCKET = 'new.sock';

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
  await removeLeftFolders();
  const folder = mkdtempSync(path.join(tmpdir(), FOLDER)); // mode 0700
  const server = createServer((socket) => void carry(socket, dialer));
  await listening(server, path.join(folder, NEW_SOCKET));
  const socketPath = path.join(folder, SOCKET);
  renameSync(path.join(folder, NEW_SOCKET), socketPath);
  return { socketPath, folder };
}

/** Of processes that were killed before they could. Their pids say nothing: /tmp may be shared with a container. */
async function removeLeftFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []); // What can't be listed has nothing of ours that could be found.
  for (const name of names) {
    const folder = path.join(tmpdir(), name);
    if (!name.startsWith(FOLDER) || !(await isLeft(folder))) continue;
    await rm(folder, { recursive: true, force: true }).catch(ignore); // another one removes it, too
  }
}

/** Whether it is this user's, and nobody listens there any more. */
async function isLeft(folder: string): Promise<boolean> {
  const { uid } = await stat(folder).catch(() => ({ uid: undefined })); // ENOENT: another one has removed it
  return uid === process.getuid?.() && (await isRefused(path.join(folder, SOCKET)));
}

function isRefused(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}

async function carry(socket: Socket, dialer: Dialer): Promise<void> {
  socket.on('error', ignore); // Its end is what counts.
  // A client speaks first; who only looks whether somebody listens here costs the host no tunnel.
  if (!(await isSpoken(socket))) return void socket.destroy();
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

/** Whether anything comes. */
function isSpoken(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('readable', () => resolve(socket.readableLength > 0));
    socket.once('close', () => resolve(false));
  });
}

function listening(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
}

function ignore(): void {}
