import { isUpdateWanted } from '@holdfast/supervisor/status';
import type { Context } from '../context.ts';
import { availableBuild } from './available-build.ts';
import { supervisorOf } from './supervisor.ts';

/** Upgrades an older daemon as programs do that stay; that it has failed is kept for `status`, and ends such attempts. */
export async function upgradeUnasked(context: Context): Promise<void> {
  if (context.env['HOLDFAST_AUTO_UPDATE'] === 'off') return;
  const supervisor = supervisorOf(context);
  const available = availableBuild(context.env);
  const { daemon } = await supervisor.status();
  if (!daemon || !available) return;
  if (await isUpdateWanted(context.home, { running: daemon, available })) await supervisor.upgrade();
}
