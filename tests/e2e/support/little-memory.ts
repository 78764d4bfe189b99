import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { eventually } from '@holdfast/testkit';

/** Where control groups of version 1 share out memory. With version 2 a process can't be in one of ours and in systemd's. */
const ROOT = '/sys/fs/cgroup/memory';

/** The group that this process is in. */
function ownGroup(): string {
  const [, name = '/'] = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
  const folder = path.join(ROOT, name);
  return existsSync(folder) ? folder : ROOT;
}

/** Why no memory can be taken from anybody here; undefined if it can. */
export function whyNoLittleMemory(): string | undefined {
  try {
    accessSync(path.join(ownGroup(), 'cgroup.procs'), constants.W_OK);
    return undefined;
  } catch {
    return 'needs root, and control groups of version 1 with memory';
  }
}

/** Processes that have so much memory together, and no more: the kernel ends one of them when they need it. */
export class LittleMemory implements AsyncDisposable {
  readonly #parent = ownGroup();
  readonly #folder = path.join(this.#parent, `holdfast-test-${process.pid}`);

  constructor(byteCount: number) {
    mkdirSync(this.#folder);
    this.#set('memory.limit_in_bytes', byteCount);
    // What is swapped out as well, where that is counted.
    if (existsSync(path.join(this.#folder, 'memory.memsw.limit_in_bytes')))
      this.#set('memory.memsw.limit_in_bytes', byteCount);
  }

  /** What it has already does not count. */
  add(pid: number): void {
    this.#set('cgroup.procs', pid);
  }

  /** Lets go of those that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await eventually('nobody is in it', () => {
      const pids = readFileSync(path.join(this.#folder, 'cgroup.procs'), 'utf8').trim();
      try {
        for (const pid of pids === '' ? [] : pids.split('\n'))
          writeFileSync(path.join(this.#parent, 'cgroup.procs'), pid);
        rmdirSync(this.#folder);
        return true;
      } catch {
        return false; // ESRCH, EBUSY: one is just ending
      }
    });
  }

  #set(name: string, value: number): void {
    writeFileSync(path.join(this.#folder, name), String(value));
  }
}
