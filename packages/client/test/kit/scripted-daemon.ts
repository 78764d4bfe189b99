import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connector, netConnector } from '@holdfast/client';
import type { Request, RequestType } from '@holdfast/protocol';
import { Peer, type PeerDaemon, type Script } from './peer.ts';
import { ScriptedSession } from './scripted-session.ts';
import { Arrivals } from './signal.ts';

/** A daemon in the test's own process: a real socket and real frames, but its sessions are bytes in memory. */
export class ScriptedDaemon implements AsyncDisposable, PeerDaemon {
  readonly socketPath: string;
  readonly connector: Connector;
  readonly sessions = new Map<string, ScriptedSession>();
  readonly scripts = new Map<RequestType, Script>();
  readonly connected = new Arrivals<Peer>();
  readonly requested = new Arrivals<Request>();
  /** What went wrong in here: no test that finds any has succeeded. */
  readonly complaints: string[] = [];
  /** Called for each new connection: after how many bytes, out and in, it is cut. */
  cut: () => { sentBytes: number; receivedBytes: number } = () => ({
    sentBytes: Number.POSITIVE_INFINITY,
    receivedBytes: Number.POSITIVE_INFINITY,
  });
  readonly peers = new Set<Peer>();
  connections = 0;
  readonly #folder: string;
  #server: Server | undefined;

  constructor(folderName = '.') {
    this.#folder = mkdtempSync(join(tmpdir(), 'hf-client-'));
    this.socketPath = join(this.#folder, folderName, 'd.sock');
    this.connector = netConnector(this.socketPath);
  }

  static async listen(): Promise<ScriptedDaemon> {
    const daemon = new ScriptedDaemon();
    await daemon.listen();
    return daemon;
  }

  /** `path` only if the socket's own is too long for Node to bind. */
  listen(path = this.socketPath): Promise<void> {
    const server = createServer((socket) => {
      this.connections += 1;
      const peer = new Peer(this, socket, this.cut());
      this.peers.add(peer);
      socket.once('close', () => this.peers.delete(peer));
      this.connected.push(peer);
    });
    this.#server = server;
    return new Promise((resolve) => server.listen(path, resolve));
  }

  addSession(id: string, output: Uint8Array = new Uint8Array(0)): ScriptedSession {
    const session = new ScriptedSession(id, output);
    this.sessions.set(id, session);
    return session;
  }

  /** Stops listening and cuts all connections. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const peer of this.peers) peer.cutOff();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
