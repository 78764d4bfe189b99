import { rmSync } from 'node:fs';
import path from 'node:path';
import { eventually, type TestHome, untilEnded } from '@holdfast/testkit';

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
  removeWhatIsOnTmpfs(home);
}

/**
 * An orderly shutdown: SIGTERM for everybody, and time to end. `programsFirst`: the daemon hears of it when they have gone.
 */
export async function shutDown(
  home: TestHome,
  programs: readonly number[],
  { programsFirst = false } = {},
): Promise<void> {
  const { daemonPid, keeperPid } = home;
  if (daemonPid === undefined || keeperPid === undefined) throw new Error('no daemon with a keeper runs');
  for (const pid of programs) process.kill(pid, 'SIGTERM');
  if (programsFirst)
    await eventually('all have exited', async () => {
      const { sessions } = await (await home.connect()).request('list', {});
      return sessions.every(({ state }) => state === 'exited');
    });
  for (const pid of [keeperPid, daemonPid]) process.kill(pid, 'SIGTERM');
  for (const pid of [keeperPid, daemonPid, ...programs]) await untilEnded(pid);
  removeWhatIsOnTmpfs(home);
}

function removeWhatIsOnTmpfs(home: TestHome): void {
  const { socketPath, keeperSocketPath, keeperReportPath, manifestPath, runtimeDir } = home.paths;
  for (const file of [socketPath, keeperSocketPath, keeperReportPath, manifestPath])
    rmSync(file, { force: true });
  for (const name of ['memory', 'agents'])
    rmSync(path.join(runtimeDir, name), { recursive: true, force: true });
}
