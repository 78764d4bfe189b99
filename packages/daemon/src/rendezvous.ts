import fs from 'node:fs';
import path from 'node:path';
import { type Reactor, type Timer, UnixListener } from '@holdfast/posix';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';
import { replaceLink } from './replace-link.ts';

/** How long clients may find nobody; a look is one `lstat`. */
const LOOK_EVERY_MS = 2_000;

export interface RendezvousSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  readonly listener: Listener;
  /** There is another socket in the place of the one that was given to others. */
  readonly rebound: () => void;
}

/**
 * What clients find the daemon by: its socket, and a link in the state folder to the folder of that socket, for those whose
 * environment names another. Both are made anew when they are gone: a logout takes the runtime folder with it, and so may
 * whoever tidies up.
 */
export class Rendezvous {
  readonly #folders: { readonly runtimeDir: string; readonly stateDir: string };
  readonly #surroundings: RendezvousSurroundings;
  #timer: Timer | undefined;
  #hasFailed = false;

  /** Looks at once, and from then on now and again. */
  constructor(
    folders: { readonly runtimeDir: string; readonly stateDir: string },
    surroundings: RendezvousSurroundings,
  ) {
    this.#folders = folders;
    this.#surroundings = surroundings;
    this.#link();
    this.#look();
  }

  /** Who comes from now on goes by his own environment. */
  close(): void {
    this.#timer?.cancel();
    if (this.#isLinked) fs.rmSync(this.#linkPath, { force: true });
  }

  #look(): void {
    this.#timer = this.#surroundings.reactor.after(LOOK_EVERY_MS, () => this.#look());
    const { listener, log, rebound } = this.#surroundings;
    if (listener.isThere) return;
    try {
      UnixListener.makeFolder(this.#folders.runtimeDir);
      listener.rebind();
    } catch (error) {
      if (!this.#hasFailed) log('listener.gone', { error: String(error) });
      this.#hasFailed = true;
      return;
    }
    this.#hasFailed = false;
    log('listener.rebound');
    rebound();
  }

  #link(): void {
    if (!this.#isLinked) return;
    try {
      replaceLink(this.#linkPath, this.#folders.runtimeDir);
    } catch (error) {
      this.#surroundings.log('rendezvous.no-link', { error: String(error) });
    }
  }

  /** Where both folders are in one, nobody can look in another place. */
  get #isLinked(): boolean {
    const { runtimeDir, stateDir } = this.#folders;
    return runtimeDir !== stateDir;
  }

  get #linkPath(): string {
    return path.join(this.#folders.stateDir, 'runtime');
  }
}
