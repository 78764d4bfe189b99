import type { TerminalSize } from '@holdfast/posix';

/** A viewer as far as leading goes. */
export interface Viewer {
  readonly readOnly: boolean;
  viewport: TerminalSize | undefined;
  leadingChanged(leading: boolean): void;
}

/**
 * The viewers of a session and which of them leads: the one that typed last; until one has, or when that one leaves, the
 * one attached the longest. Read-only viewers never lead.
 */
export class Viewers<V extends Viewer> {
  /** In the order of attaching. */
  readonly #viewers = new Set<V>();
  #leader: V | undefined;
  readonly #onLeader: (leader: V | undefined) => void;

  /** `onLeader` is called after the leader has changed. */
  constructor(onLeader: (leader: V | undefined) => void) {
    this.#onLeader = onLeader;
  }

  get leader(): V | undefined {
    return this.#leader;
  }

  /** Takes up a viewer as a predecessor had it: nobody is told, since nothing changes. */
  resume(viewer: V, isLeader: boolean): void {
    this.#viewers.add(viewer);
    if (isLeader) this.#leader = viewer;
  }

  attach(viewer: V): void {
    this.#viewers.add(viewer);
    if (!this.#leader && !viewer.readOnly) this.#lead(viewer);
  }

  detach(viewer: V): void {
    this.#viewers.delete(viewer);
    if (this.#leader !== viewer) return;
    this.#leader = undefined;
    this.#lead([...this.#viewers].find((other) => !other.readOnly));
  }

  /** The first in the order of attaching that fits. */
  find(fits: (viewer: V) => boolean): V | undefined {
    for (const viewer of this.#viewers) if (fits(viewer)) return viewer;
    return undefined;
  }

  /** A viewer has typed. */
  typed(viewer: V): void {
    if (viewer !== this.#leader && !viewer.readOnly && this.#viewers.has(viewer)) this.#lead(viewer);
  }

  #lead(viewer: V | undefined): void {
    this.#leader?.leadingChanged(false);
    this.#leader = viewer;
    viewer?.leadingChanged(true);
    this.#onLeader(viewer);
  }
}
