import fs from 'node:fs';
import { hasEnded, startTimeOf } from '@holdfast/posix';
import { BUILD, VERSION } from '@holdfast/protocol';
import { type KeeperReport, parseKeeperReport } from '@holdfast/protocol/keeper';
import type { Daemon } from './daemon.ts';
import type { Standing } from './daemons.ts';
import { log } from './log.ts';

/** It stays what it is when the keeper goes on as another build, in the same process. */
const START_TIME = startTimeOf(process.pid);

/** What there is to say of this keeper. */
export function reportOf(
  { isHolding, heldSince, failures, reason }: Standing,
  current: Daemon | undefined,
): KeeperReport {
  return {
    pid: process.pid,
    startTime: START_TIME,
    version: VERSION,
    build: BUILD,
    state: isHolding ? 'held' : 'running',
    heldSince,
    daemonPid: current?.pid ?? null,
    failures,
    reason,
  };
}

/** keeper.json: what the keeper does, for whoever gets no answer from a daemon. */
export class ReportFile {
  readonly #path: string;
  /** What stands there, as far as is known. */
  #written = '';
  #hasFailed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Writes it if it says something new, or is gone. Whoever reads it meanwhile reads the old one or the new one. */
  write(report: KeeperReport): void {
    const text = `${JSON.stringify(report)}\n`;
    if (text === this.#written && fs.existsSync(this.#path)) return;
    try {
      fs.writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      fs.renameSync(`${this.#path}.new`, this.#path);
      this.#written = text;
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) log('report-failed', { error: String(error) }); // a full disk must not end anything
      this.#hasFailed = true;
    }
  }

  /** Whether another keeper has written it since, and lives: the home is that one's. */
  get isAnothers(): boolean {
    try {
      const { pid, startTime } = parseKeeperReport(fs.readFileSync(this.#path, 'utf8'));
      return pid !== process.pid && startTime !== undefined && !hasEnded(pid, startTime);
    } catch {
      return false; // ENOENT; what can't be read is nobody's
    }
  }

  remove(): void {
    fs.rmSync(this.#path, { force: true });
  }
}
