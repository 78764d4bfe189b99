import { toast } from 'sonner';
import { reasonOf } from '../api/client.ts';
import { household } from '../api/household.ts';
import { startSession } from '../sessions/actions.ts';
import type { Pane, Split } from './layout.ts';

/** Another shell beside a pane, in the same folder. */
export async function splitPane(pane: Pane, direction: Split['direction']): Promise<void> {
  const cwd = household.get().sessions?.find(({ id }) => id === pane.session)?.cwd;
  try {
    await startSession({ command: [], ...(cwd === undefined ? {} : { cwd }) }, { pane: pane.id, direction });
  } catch (error) {
    toast.error(`Can’t split: ${reasonOf(error)}`);
  }
}
