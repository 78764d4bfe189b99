import * as z from 'zod';
import { session, updateResult, updateStatus } from '../api/schemas.ts';

/** What a machine has announced of a session. */
const announced = session.pick({
  id: true,
  name: true,
  pid: true,
  command: true,
  cwd: true,
  cols: true,
  rows: true,
  state: true,
  exit: true,
  createdAt: true,
});

/** A machine of the fleet, as it is told to pages and programs. */
export const machineView = z.object({
  name: z.string().describe('in the fleet'),
  isOwn: z.boolean().describe('it is the machine of this host'),
  reachable: z.boolean(),
  lastSeenAt: z.string().nullable().describe('null while it can be reached'),
  hostname: z.string().describe('of the machine itself'),
  home: z.string(),
  version: z.string().describe('of the host service there'),
  build: z.string(),
  since: z.string().describe('when that began'),
  daemon: updateStatus
    .pick({ pending: true, running: true, available: true })
    .nullable()
    .describe('the daemon there, and what an upgrade would bring; null while it is not known'),
  mayOperate: z
    .boolean()
    .nullable()
    .describe('the credentials of the page may do more there than look; null while that is not known'),
  sessions: z.array(announced).describe('what it has announced of them'),
  omitted: z.int().describe('so many more there are'),
});
export type MachineView = z.infer<typeof machineView>;

/** Machines that are upgraded one after the other, until one fails. */
export const upgradeRun = z.object({
  isOver: z.boolean(),
  at: z.string().describe('when its last step was'),
  machines: z.array(
    z.object({
      name: z.string(),
      state: z
        .enum(['waiting', 'upgrading', 'upgraded', 'failed', 'left'])
        .describe('left: another one has failed before its turn'),
      result: updateResult.nullable().describe('null until it is upgraded or has failed'),
    }),
  ),
});
export type UpgradeRun = z.infer<typeof upgradeRun>;
