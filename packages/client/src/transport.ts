/** Something that was asked to happen later. */
export interface Timer {
  /** It happens no more; of no meaning once it has. */
  cancel(): void;
}

/** Where time comes from. A reactor brings its own, since Node's timers do not run while it has the event loop. */
export interface Clock {
  /** Calls back once, after at least `ms` milliseconds. */
  after(ms: number, callback: () => void): Timer;
}

/** A byte stream to a daemon. The handlers are set by its one user, before the first chunk can arrive. */
export interface Transport extends Clock {
  /**
   * Sends bytes, which the transport owns from then on: callers never reuse them. False: it holds more than it
   * should, wait for `onDrain`. What is sent while it is congested is still sent, in order.
   */
  send(bytes: Uint8Array): boolean;
  /** The next bytes. The chunk is valid only during the call: its memory is used again for the next one. */
  onData: (chunk: Uint8Array) => void;
  /** A turn of reading is over: as far as can be told, nothing more is there to be read right now. */
  onTurnEnd: () => void;
  /** After a `send` that returned false: all of it is out. */
  onDrain: () => void;
  /** The stream is over, with the cause if it was a fault. Called exactly once, never from within `close`. */
  onClose: (cause?: Error) => void;
  /** Stops reading, at the end of the current chunk. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Ends the stream. Bytes already sent go out as far as the peer takes them now; no more data is handed over. */
  close(): void;
}

/** Opens byte streams to one daemon. */
export interface Connector extends Clock {
  /** Rejects with HoldfastError E_NO_DAEMON, whose cause is the system's error. */
  connect(): Promise<Transport>;
}
