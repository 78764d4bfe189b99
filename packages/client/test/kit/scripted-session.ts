import type { Session } from '@holdfast/protocol';

/** What the daemon remembers of one stream of input. */
export interface ScriptedStream {
  received: number;
  done: number;
}

/** A session without a program: its output is given, its input is kept. */
export class ScriptedSession {
  readonly id: string;
  output: Uint8Array;
  historyStart = 0;
  /** Once set, a subscription that has all output is told that the session has exited. */
  exit: Session['exit'] = null;
  readonly streams = new Map<string, ScriptedStream>();
  readonly typed: Buffer[] = [];
  /** Input is received, but not taken by the program. */
  isBlocked = false;
  /** The most input that was received and not acknowledged. */
  mostUnacknowledged = 0;

  constructor(id: string, output: Uint8Array) {
    this.id = id;
    this.output = output;
  }

  describe(): Session {
    return {
      id: this.id,
      name: this.id,
      pid: 1,
      command: ['bash'],
      cwd: '/',
      cols: 80,
      rows: 24,
      state: this.exit ? 'exited' : 'running',
      exit: this.exit,
      createdAt: '2025-01-01T00:00:00.000Z',
      exitedAt: null,
      clients: 1,
      offset: this.output.length,
      historyStart: this.historyStart,
      historyBytes: 1024 * 1024,
      historyIn: 'disk',
      foreground: null,
      warnings: [],
    };
  }

  stream(id: string): ScriptedStream {
    const stream = this.streams.get(id) ?? { received: 0, done: 0 };
    this.streams.set(id, stream);
    return stream;
  }
}
