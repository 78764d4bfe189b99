import { HoldfastError } from '@holdfast/protocol';
import * as z from 'zod';
import { machineView, upgradeRun } from '../machines/machine-view.ts';
import type { Machines } from '../machines/machines.ts';
import { machineChanges } from './machine-changes.ts';
import { machineName } from './schemas.ts';
import { type ApiContext, procedure, router } from './trpc.ts';
import { whileWelcome } from './visit.ts';

export const machinesRouter = router({
  list: procedure
    .meta({ summary: 'the machines of the fleet, and what they have announced; none without a fleet' })
    .input(z.object({}).prefault({}))
    .output(z.array(machineView))
    .query(async ({ ctx }) => (await ctx.machines?.watch.list()) ?? []),

  upgrade: procedure
    .meta({
      summary: 'upgrade one machine, or all that can be reached, one after the other, until one fails',
    })
    .input(z.object({ machine: machineName.optional().describe('default: all') }).prefault({}))
    .output(upgradeRun)
    .mutation(async ({ ctx, input }) => {
      const { upgrades, watch } = machinesOf(ctx);
      if (input.machine !== undefined) return await upgrades.upgrade([input.machine]);
      const reachable = (await watch.list()).filter(({ reachable }) => reachable);
      return await upgrades.upgrade(reachable.map(({ name }) => name).toSorted());
    }),

  dismissUpgrade: procedure
    .meta({ summary: 'forget what came of the last upgrades of machines; not those that are under way' })
    .input(z.object({}).prefault({}))
    .output(z.object({}))
    .mutation(({ ctx }) => {
      machinesOf(ctx).upgrades.dismiss();
      return {};
    }),

  onChanges: procedure
    .meta({ summary: 'the machines of the fleet, each change of one, and how far upgrades are' })
    .input(z.object({}).prefault({}))
    .subscription(({ ctx, signal: caller }) => {
      const machines = machinesOf(ctx);
      return whileWelcome(ctx, { caller }, (_own, signal) => machineChanges(machines, signal));
    }),
});

/** Throws HoldfastError: E_USAGE where there is no fleet. */
export function machinesOf({ machines }: Pick<ApiContext, 'machines'>): Machines {
  if (machines) return machines;
  throw new HoldfastError('E_USAGE', 'this host knows no other machines: it was started without --fleet');
}
