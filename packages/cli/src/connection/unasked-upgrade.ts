import type { Context } from '../context.ts';
import { isUpgradeDue } from './auto-upgrade.ts';
import { supervisorOf } from './supervisor.ts';

/** Upgrades an older daemon as programs do that stay; that it has failed is kept for `status`, and ends such attempts. */
export async function upgradeUnasked(context: Context): Promise<void> {
  const supervisor = supervisorOf(context);
  const { daemon } = await supervisor.status();
  if (daemon && (await isUpgradeDue(daemon, context))) await supervisor.upgrade();
}
