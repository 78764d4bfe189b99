import { readdir, readFile } from 'node:fs/promises';
import { STAT, statFields } from '@holdfast/posix/process-stat';

/** Whose memory is wanted: the program of a session, by its pid. */
export interface Program {
  readonly id: string;
  readonly pid: number;
}

/** An answer that is younger is good enough for the next one who asks: however many ask, /proc is read once in a while. */
const FRESH_MS = 2_000;
const READS_AT_ONCE = 16;

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

/**
 * How much memory the programs of sessions have, with everything that they have started, in bytes (resident; what processes
 * share counts for each). Undefined where there is no /proc.
 */
export class ProgramMemory {
  #reading: Promise<readonly Seen[] | undefined> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  readonly #resident = new Map<number, Promise<number>>();

  async of(programs: readonly Program[]): Promise<Map<string, number> | undefined> {
    const now = performance.now();
    if (now - this.#readAt > FRESH_MS) {
      this.#readAt = now;
      this.#resident.clear();
      this.#reading = listProcesses();
    }
    const processes = await this.#reading;
    if (!processes) return undefined;
    const owners = ownersOf(processes, programs);
    const sums = new Map(programs.map(({ id }) => [id, 0]));
    await inTurns([...owners], async ([pid, id]) => {
      let resident = this.#resident.get(pid);
      if (!resident) this.#resident.set(pid, (resident = residentBytes(pid)));
      sums.set(id, (sums.get(id) ?? 0) + (await resident));
    });
    return sums;
  }
}

/** Which session each process belongs to: the members of the kernel's session, and the descendants of all of them. */
export function ownersOf(processes: readonly Seen[], programs: readonly Program[]): Map<number, string> {
  const byLeader = new Map(programs.map(({ id, pid }) => [pid, id]));
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const owners = new Map<number, string>();
  for (const process of processes) {
    const seen = new Set<number>();
    // Parents are read one after the other, so a recycled pid could close a circle.
    for (let at: Seen | undefined = process; at && !seen.has(at.pid); at = byPid.get(at.parent)) {
      seen.add(at.pid);
      const owner = byLeader.get(at.pid) ?? byLeader.get(at.session);
      if (owner === undefined) continue;
      owners.set(process.pid, owner);
      break;
    }
  }
  return owners;
}

async function listProcesses(): Promise<readonly Seen[] | undefined> {
  let names: string[];
  try {
    names = await readdir('/proc');
  } catch {
    // ENOENT: no Linux.
    return undefined;
  }
  const processes: Seen[] = [];
  await inTurns(
    names.filter((name) => /^\d+$/.test(name)),
    async (name) => {
      const fields = statFields(await readIfThere(`/proc/${name}/stat`));
      const [parent, session] = [fields[STAT.parent], fields[STAT.session]];
      if (parent !== undefined)
        processes.push({ pid: Number(name), parent: Number(parent), session: Number(session) });
    },
  );
  return processes;
}

async function residentBytes(pid: number): Promise<number> {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(await readIfThere(`/proc/${pid}/status`)) ?? [];
  return Number(kibibytes) * 1_024;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    // It has ended (ESRCH if that was between open and read), or can't be seen.
    return '';
  }
}

/** Few at once: reading thousands of files must not take all descriptors and threads. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += READS_AT_ONCE)
    await Promise.all(items.slice(at, at + READS_AT_ONCE).map(act));
}
