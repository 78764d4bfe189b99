import type { Exit, HoldfastError, RequestParameters } from '@holdfast/protocol';

/** Who is told of a session's output, and of what becomes of it. All offsets are bytes since the session began. */
export interface SubscriptionHandlers {
  /**
   * The next bytes of output, and the offset of the first. `bytes` is valid only during the call. Returning false
   * says "congested": reading stops until `resume`, but what has been read already is still handed over.
   * It can be called before the promise of `subscribe` is settled.
   */
  onData: (bytes: Uint8Array, offset: number) => boolean | void;
  /** Exact mode: bytes that will not come (`evicted`), or up to so many that may be missing here (`crash`). */
  onGap?: (gap: { from: number; to: number; reason: 'evicted' | 'crash' }) => void;
  /** Viewer mode: output goes on at `offset`; what is on the screen is no longer true. */
  onResync?: (resync: { offset: number }) => void;
  /** All output has been handed over, and the session has exited. Nothing follows. */
  onExited?: (exited: { offset: number; exit: Exit }) => void;
  /** The session has another size from this offset on. */
  onResized?: (resized: { offset: number; cols: number; rows: number }) => void;
  /** This viewer has become, or is no longer, the leader. */
  onLeading?: (leading: boolean) => void;
  /**
   * Viewer mode: what the program asks its terminal is this viewer's to answer if the last byte of the question is at or behind `from`;
   * undefined: it is another's, whatever comes. In the order of the output, also after a reconnect: of what had come meanwhile nothing is.
   * `at`: the offset at which this has become so, for output that comes on another way.
   */
  onAnswering?: (from: number | undefined, at: number) => void;
  /** The connection is gone: nothing comes until it is resumed, whatever the program prints. */
  onDisconnected?: () => void;
  /** It goes on after a disconnect; what was missed follows. */
  onResumed?: () => void;
  /** It could not be resumed after a disconnect; nothing follows. Not called after `close`. */
  onLost?: (error: HoldfastError) => void;
}

/** The wire's subscribe parameters, and who gets what comes. */
export type SubscribeOptions = Omit<RequestParameters<'subscribe'>, 'session' | 'channel'> &
  SubscriptionHandlers & {
    /** Gives up opening it: no handler is called any more. Of no meaning once it is open: `close` ends it then. */
    signal?: AbortSignal | undefined;
  };
