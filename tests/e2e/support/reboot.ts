import { rmSync } from 'node:fs';
import path from 'node:path';
import { type TestHome, untilEnded } from '@holdfast/testkit';

/** What a home is like after the machine has gone down: no process is left, and nothing that would be on a tmpfs. */
export async function reboot(home: TestHome, programs: readonly number[]): Promise<void> {
  const { daemonPid = 0, keeperPid = 0 } = home;
  // So that it starts no other keeper.
  process.kill(daemonPid, 'SIGSTOP');
  const all = new Set([keeperPid, daemonPid, ...programs, ...home.processes]);
  for (const pid of all) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ESRCH: it ended with its terminal.
    }
  }
  for (const pid of all) await untilEnded(pid);
  const { socketPath, keeperSocketPath, keeperReportPath, manifestPath, runtimeDir } = home.paths;
  for (const file of [socketPath, keeperSocketPath, keeperReportPath, manifestPath])
    rmSync(file, { force: true });
  for (const name of ['memory', 'agents'])
    rmSync(path.join(runtimeDir, name), { recursive: true, force: true });
}
