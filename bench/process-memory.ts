import { readFileSync } from 'node:fs';

/** A process's memory in KB, what it has mapped of history files apart from the rest. */
export interface ProcessMemory {
  readonly rss: number;
  readonly pss: number;
  readonly private: number;
  /** Without the history files. */
  readonly rest: { readonly rss: number; readonly private: number };
  readonly ring: number;
  readonly ledger: number;
  readonly marks: number;
}

const HISTORY_FILES = ['ring', 'ledger', 'marks'] as const;
/** `7f…-7f… rw-s 00000000 fd:00 1234   /path`: the address range that begins a mapping in smaps, and its file. */
const MAPPING = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$/;
/** `Rss:     4 kB` */
const FIGURE = /^(\w+):\s+(\d+) kB$/;

/** Reads /proc/PID/smaps (Linux only). A ring counts twice in `rss`: it is mapped twice. */
export function processMemory(pid: number): ProcessMemory {
  const total = { rss: 0, pss: 0, private: 0 };
  const history = { ring: 0, ledger: 0, marks: 0, private: 0 };
  let file: (typeof HISTORY_FILES)[number] | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const mapping = MAPPING.exec(line);
    if (mapping) {
      const path = mapping[1] ?? '';
      file = HISTORY_FILES.find(
        (name) => path.endsWith(`/${name}`) || path.includes(`memfd:holdfast-${name}`),
      );
      continue;
    }
    const [, name = '', text = '0'] = FIGURE.exec(line) ?? [];
    const kb = Number(text);
    if (name === 'Pss') total.pss += kb;
    if (name === 'Rss') {
      total.rss += kb;
      if (file) history[file] += kb;
    }
    if (name === 'Private_Clean' || name === 'Private_Dirty') {
      total.private += kb;
      if (file) history.private += kb;
    }
  }
  const { ring, ledger, marks } = history;
  const rest = { rss: total.rss - ring - ledger - marks, private: total.private - history.private };
  return { ...total, rest, ring, ledger, marks };
}
