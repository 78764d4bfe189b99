/**
 * Every limit of the protocol, with its reason. Sizes are bytes, times are milliseconds.
 * A peer that breaks one of them gets an error that names it, and loses its connection where framing is lost.
 */
export const LIMITS = {
  /** A control frame from a client that has not said hello: a hello is a few hundred bytes. */
  helloFrameBytes: 64 * 1024,
  /** A control frame. `open` carries an environment, which Linux caps at a quarter of the stack (2 MiB). */
  controlFrameBytes: 4 * 1024 * 1024,
  /** A control frame from the daemon, which a client trusts: a list of all sessions with long command lines. */
  answerFrameBytes: 64 * 1024 * 1024,
  /** Bytes in one OUTPUT or INPUT frame: large enough to make a system call cheap, small enough to interleave sessions. */
  dataFrameBytes: 64 * 1024,
  /** Input of one stream to one session that has not been acknowledged. */
  inputWindowBytes: 256 * 1024,
  /** Replies queued for one client before the daemon stops reading its requests. */
  queuedReplyBytes: 1024 * 1024,
  /** A connection that has not said hello by then is dropped. */
  helloTimeoutMs: 5_000,
  /** Connections at once: bounds descriptors and memory whatever a runaway program does. */
  clients: 1_024,
  /** Subscriptions and inputs of one connection, together. */
  channelsPerClient: 4_096,
  /** Requests of one client that are carried out at once: the next is looked at when one of them is answered. */
  requestsInProgressPerClient: 16,
  /** Requests of one client that wait for an event (`wait`, `kill`, `endInput`). */
  waitingRequestsPerClient: 4_096,
  /** Sessions forgotten of which a connection that watches has not been told: as many as there can be. */
  forgottenPerWatcher: 4_096,
  /** Leases of one session, held or orphaned; the oldest orphan makes room. */
  leasesPerSession: 64,
  /** Input streams whose progress a session remembers; the longest-idle one without a client makes room. */
  inputStreamsPerSession: 64,
  /** Sessions of one daemon, exited ones included. Linux gives 4,096 pseudo-terminals by default. */
  sessions: 4_096,
  /** Characters in a session's name. */
  nameCharacters: 64,
  /** Characters that are told of a session's command, and an ellipsis behind them: a list holds that of every session. */
  toldCommandCharacters: 8_192,
  /** Characters in an input stream's id. */
  streamIdCharacters: 64,
  /** Columns and rows of a terminal: 1 to this. */
  columnsOrRows: 4_096,
  /** History of one session, smallest and largest. Two 64 KiB frames must fit with room to spare. */
  historyBytesMin: 64 * 1024,
  historyBytesMax: 1024 * 1024 * 1024,
  historyBytesDefault: 1024 * 1024,
  /** The result of one `capture`: a screen of 500 x 200 stays below in any format; with all its lines, only as text. */
  captureBytes: 8 * 1024 * 1024,
  /** Captures of one client that wait: they are made one after the other. */
  capturesPerClient: 64,
  /** Answers to captures that clients have not read, of all clients together: an upgrade hands them over within its second. */
  unreadCaptureBytes: 64 * 1024 * 1024,
  /** Lines above the screen that a `capture` may ask for: so many are kept. */
  captureHistoryLines: 1_000,
  /** How long the leader may hold back the program without making progress. */
  leaderPatienceMs: 500,
  /** An exact subscriber's lease: how long it may hold back the program without acknowledging anything. */
  leaseMsDefault: 5_000,
  leaseMsMax: 3_600_000,
} as const;
