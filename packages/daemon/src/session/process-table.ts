import { listProcesses, type ProcessEntry } from '@holdfast/posix';

/** All processes at one moment. */
export class ProcessTable {
  readonly all: readonly ProcessEntry[];
  readonly #byPid = new Map<number, ProcessEntry>();
  readonly #children = new Map<number, ProcessEntry[]>();

  constructor(entries: readonly ProcessEntry[]) {
    this.all = entries;
    for (const entry of entries) {
      this.#byPid.set(entry.pid, entry);
      const siblings = this.#children.get(entry.parent);
      if (siblings) siblings.push(entry);
      else this.#children.set(entry.parent, [entry]);
    }
  }

  get(pid: number): ProcessEntry | undefined {
    return this.#byPid.get(pid);
  }

  children(pid: number): readonly ProcessEntry[] {
    return this.#children.get(pid) ?? [];
  }

  /** The process and its ancestors, from the inside out. */
  *ancestry(pid: number): Generator<ProcessEntry> {
    const seen = new Set<number>();
    // Parents are read one after the other, so a recycled pid could close a circle.
    for (
      let entry = this.#byPid.get(pid);
      entry && !seen.has(entry.pid);
      entry = this.#byPid.get(entry.parent)
    ) {
      seen.add(entry.pid);
      yield entry;
    }
  }
}

/**
 * Lists processes for many who want to know at about the same time: ending hundreds of sessions must not read the whole
 * of /proc hundreds of times. What is answered was read after it was asked for.
 */
export class ProcessLister {
  readonly #list: () => Promise<readonly ProcessEntry[]>;
  #running: Promise<ProcessTable> | undefined;
  #next: Promise<ProcessTable> | undefined;

  constructor(list: () => Promise<readonly ProcessEntry[]> = listProcesses) {
    this.#list = list;
  }

  /** Rejects with Node's error if the list can't be had (no descriptors left). */
  list(): Promise<ProcessTable> {
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<ProcessTable> {
    const running = this.#list()
      .then((entries) => new ProcessTable(entries))
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    this.#running = running;
    return running;
  }
}
