import { deflateRawSync } from 'node:zlib';
import { Client, netConnector } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import type { NatsConnection } from '@nats-io/transport-node';
import { FLEET_LIMITS } from '../limits.ts';
import { encodeJson } from '../messages.ts';
import { OwnKey } from '../nats/own-key.ts';
import type { AnnouncedSession, AnnouncedSessions } from '../announced-sessions.ts';

const AWAY_MS = 1_000;

/** Keeps the fleet told of one machine's sessions: what changes rarely of them. */
export class Announcement {
  readonly #key: OwnKey;
  readonly #isOurs: () => boolean;
  readonly #socketPath: string;
  readonly #sessions = new Map<string, Session>();
  #revision: number | undefined;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #announced = '';
  #announcedAt = 0;
  #isClosed = false;
  #underWay: Promise<void> = Promise.resolve();

  /** `isOurs`: whether the name is this machine's now. */
  constructor(nc: NatsConnection, how: { name: string; socketPath: string; isOurs: () => boolean }) {
    this.#key = new OwnKey(nc, 'sessions', how.name);
    this.#socketPath = how.socketPath;
    this.#isOurs = how.isOurs;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), FLEET_LIMITS.announceMs);
    void this.#watch();
  }

  /** The servers may have lost it. */
  again(): void {
    this.#announced = '';
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#client?.close();
    await this.#underWay;
    // Another host of the name may have written its own since.
    if (this.#revision !== undefined) await this.#key.delete(this.#revision).catch(() => undefined); // it runs out
  }

  async #watch(): Promise<void> {
    if (this.#isClosed) return;
    let client: Client | undefined;
    try {
      client = await Client.connect({
        connector: netConnector(this.#socketPath),
        name: 'holdfast fleet',
      });
      this.#client = client;
      client.onStateChange = (state) => {
        if (state === 'closed') this.#lost();
      };
      if (this.#isClosed) return client.close();
      await client.watch({
        onSessions: (sessions) => {
          this.#sessions.clear();
          for (const session of sessions) this.#sessions.set(session.id, session);
        },
        onSession: (session) => void this.#sessions.set(session.id, session),
        onForgotten: (id) => void this.#sessions.delete(id),
      });
    } catch {
      // A daemon that has not answered would go on telling.
      client?.close();
      this.#lost();
    }
  }

  /** The daemon is gone: nobody starts one because of this, and another one is looked for now and then. */
  #lost(): void {
    this.#client = undefined;
    this.#sessions.clear();
    clearTimeout(this.#retry);
    if (!this.#isClosed) this.#retry = setTimeout(() => void this.#watch(), AWAY_MS);
  }

  #tick(): Promise<void> {
    this.#underWay = this.#underWay.then(async () => {
      if (this.#isClosed || !this.#isOurs()) return;
      const sessions = JSON.stringify([...this.#sessions.values()].map(announced));
      const isDue = performance.now() - this.#announcedAt > FLEET_LIMITS.announceAgainMs;
      if (sessions === this.#announced && !isDue) return;
      try {
        this.#revision = await this.#key.put(packed([...this.#sessions.values()].map(announced)));
        this.#announced = sessions;
        this.#announcedAt = performance.now();
      } catch {
        // No server that has the bucket: it is said the next time.
      }
    });
    return this.#underWay;
  }
}

/** No offset: it changes all the time, and who wants to know it asks the machine. */
function announced(session: Session): AnnouncedSession {
  const { id, name, pid, command, cwd, cols, rows, state, exit, createdAt } = session;
  return { id, name, pid, command: beginningOf(command), cwd, cols, rows, state, exit, createdAt };
}

/** As many characters of a command as are announced. */
function beginningOf(command: readonly string[]): string[] {
  const beginning: string[] = [];
  let room: number = FLEET_LIMITS.commandCharacters;
  for (const argument of command) {
    if (argument.length >= room) return [...beginning, `${argument.slice(0, Math.max(room - 1, 0))}…`];
    beginning.push(argument);
    room -= argument.length + 1;
  }
  return beginning;
}

/** As many as there is room for, newest first to be left out. */
function packed(sessions: AnnouncedSession[]): Uint8Array {
  for (let count = sessions.length; ; count = Math.floor(count / 2)) {
    const list: AnnouncedSessions = { sessions: sessions.slice(0, count), omitted: sessions.length - count };
    const json = encodeJson(list);
    if (json.length > FLEET_LIMITS.inflatedBytes) continue;
    const bytes = deflateRawSync(json);
    if (bytes.length <= FLEET_LIMITS.announcementBytes || count === 0) return bytes;
  }
}
