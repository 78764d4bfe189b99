import { toast } from 'sonner';
import { reasonOf } from '../api/client.ts';
import { startSession } from '../sessions/actions.ts';
import { sessionOf } from '../sessions/known-session.ts';
import { mayOperate } from '../sessions/rights.ts';
import { placeOf } from '../sessions/session-key.ts';
import type { Pane, Split } from './layout.ts';

/** Another shell beside a pane, on the same machine, in the same folder. */
export async function splitPane(pane: Pane, direction: Split['direction']): Promise<void> {
  const cwd = sessionOf(pane.session)?.cwd;
  const { machine } = placeOf(pane.session);
  // A key does what no button offers then.
  if (!mayOperate(pane.session)) return void toast.info(`Nothing may be started on ${machine} from here.`);
  const what = {
    command: [],
    ...(machine === undefined ? {} : { machine }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  try {
    await startSession(what, { pane: pane.id, direction });
  } catch (error) {
    toast.error(`Can’t split: ${reasonOf(error)}`);
  }
}
