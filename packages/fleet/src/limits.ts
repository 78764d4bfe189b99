/** Every limit of the fleet, with its reason. Sizes are bytes, times are milliseconds. */
export const FLEET_LIMITS = {
  /** What one end of a tunnel may have under way: fills a line of 50 MB/s at 10 ms, and is a moment on a slow one. */
  windowBytes: 512 * 1024,
  /** What the other end may say that it takes: later builds may take more than this one, and none is believed to take anything. */
  peerWindowBytes: 4 * 1024 * 1024,
  /** One message of a tunnel: far below the mebibyte that NATS takes, so that tunnels take turns. */
  messageBytes: 64 * 1024,
  /** What a host's connection to the servers may keep for all its tunnels, until they have taken it: fills a line of 80 MB/s at 50 ms. */
  untakenBytes: 4 * 1024 * 1024,
  /** Without anything else to say, an end of a tunnel says that it is there. */
  beatMs: 2_000,
  /** Without a word from the other end for so long, it is gone. */
  silenceMs: 7_000,
  /** Tunnels of one machine at once: each is a connection to its daemon, which has room for twice as many. */
  tunnels: 512,
  /** Tunnels that have broken and that a new one takes the place of. */
  replaced: 16,
  /** A machine's lease: who lists does not see one whose lease has run out, and a dead one is to be gone within 10 s. */
  leaseMs: 8_000,
  /** How often it is renewed: one renewal may get lost. */
  renewMs: 2_500,
  /** Sessions are announced when they change, at most so often. */
  announceMs: 1_000,
  /** Announced again though nothing has changed, so that the list of a machine that is gone for good goes as well. */
  announceAgainMs: 600_000,
  announcementMs: 1_800_000,
  /** Below the mebibyte that NATS takes, with room for headers; a longer list is cut, and says so. */
  announcementBytes: 900 * 1024,
  /** What it may become when it is inflated: room for as many sessions as a daemon has, and read in some hundredths of a second. */
  inflatedBytes: 2 * 1024 * 1024,
  /** Characters of a command that are announced: some have a whole script in them. */
  commandCharacters: 1_024,
  /** Characters of a path, as many as Linux takes; of an id, a version, a time or a machine's name. */
  pathCharacters: 4_096,
  wordCharacters: 256,
  /** A lease: its words, and one path. */
  leaseBytes: 16 * 1024,
  /** For connecting to NATS, and for an answer from it. */
  natsMs: 5_000,
  /** A host that has no lease is looked for again after that: servers that keep it may be so far behind. */
  lookAgainMs: 1_000,
  /** For a machine to open a tunnel: it may have to start its daemon. */
  openMs: 10_000,
  /** For a machine's answer to anything that does not take its time. */
  answerMs: 5_000,
  /** For a write of a key: where the server that was asked has died, another one is asked before a lease runs out. */
  writeMs: 2_000,
  /** Between attempts to reach NATS again. */
  reconnectMs: 250,
  /** A connection to NATS that is silent for two of these is lost. */
  pingMs: 5_000,
} as const;
