import type { HoldfastError } from '@holdfast/protocol';
import type { Link } from './link.ts';

/** What a subscription or an input is given by its client. */
export interface ChannelWiring<T> {
  readonly link: Link;
  readonly channel: number;
  /** Called once: it is open, or could not be opened. */
  readonly opened: (result: T | HoldfastError) => void;
  /** The daemon has let go of the channel, or its connection is gone: nothing comes on that number any more. */
  readonly forget: () => void;
}
