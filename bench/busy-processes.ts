import { spawn } from 'node:child_process';
import type { Scope } from './scope.ts';

/** As long as the bench is there, also if it was killed. */
const COMPUTE = 'while kill -0 "$1" 2>/dev/null; do :; done';

/** Starts processes that only compute, as other work on the machine does, until the scope ends. */
export function startBusyProcesses(count: number, scope: Scope): void {
  for (let started = 0; started < count; started += 1) {
    const busy = spawn('/bin/sh', ['-c', COMPUTE, 'sh', String(process.pid)], { stdio: 'ignore' });
    scope.defer(() => void busy.kill('SIGKILL'));
  }
}
