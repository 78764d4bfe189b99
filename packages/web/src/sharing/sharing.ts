import { Store } from '../store.ts';

/** The session, by its id, for which a link is about to be made. */
export const sharing = new Store<string | undefined>(undefined);
