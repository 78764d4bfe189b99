import type { Build } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { upgradeIfOlder } from './auto-upgrade.ts';
import { availableBuild } from './available-build.ts';

/** Tells people that the daemon which runs is being replaced by this build, or could be; scripts ask `status`. */
export async function tellOfPendingUpdate(running: Build, context: Context): Promise<void> {
  const available = availableBuild(context.env);
  if (context.columns === undefined || !available || available.build === running.build) return;
  // Only builds that differ have to be put in order, and that takes a library.
  const { readUpdate } = await import('@holdfast/supervisor/status');
  const update = await readUpdate(context.home, { running, available });
  if (!update.pending) return;
  const isUpgraded = await upgradeIfOlder(running, context);
  const what = isUpgraded
    ? `is being upgraded to ${update.available}, and keeps the sessions`
    : `is ${update.running}; holdfast upgrade brings it to ${update.available}, and keeps the sessions`;
  context.note(`holdfast: the daemon ${what}`);
}
