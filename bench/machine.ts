import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** What the figures were taken on. */
export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  /** Processes that ran or wanted to in the last minute, before the bench. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    system: execFileSync('uname', ['-srm'], { encoding: 'utf8' }).trim(),
    processor: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    node: process.version,
    load: os.loadavg()[0] ?? 0,
  };
}
