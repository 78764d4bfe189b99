import type { Client, SubscribeOptions, Subscription } from '@holdfast/client';
import type { Exit } from '@holdfast/protocol';
import { ByteLog } from './byte-log.ts';
import { within } from './eventually.ts';

export interface RecordOptions extends Omit<Partial<SubscribeOptions>, 'onData'> {
  /** Whether what has come is acknowledged at once (exact mode); the default. */
  readonly acknowledges?: boolean;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly reason: 'evicted' | 'crash';
}

/** Everything that one subscription was told. Exact, from the start, unless asked otherwise. */
export class Recording {
  readonly output = new ByteLog();
  readonly gaps: Gap[] = [];
  readonly resyncs: number[] = [];
  readonly sizes: { cols: number; rows: number; offset: number }[] = [];
  readonly leading: boolean[] = [];
  /** Each piece as it came: its offset in the session's output, and where it stands in `output`. */
  readonly pieces: { offset: number; at: number; length: number }[] = [];
  readonly #exited: Promise<{ offset: number; exit: Exit }>;
  #subscription: Subscription | undefined;
  #end = 0;

  static async begin(client: Client, session: string, options: RecordOptions = {}): Promise<Recording> {
    const recording = new Recording(client, session, options);
    await recording.#opened;
    return recording;
  }

  readonly #opened: Promise<void>;

  private constructor(client: Client, session: string, options: RecordOptions) {
    const { acknowledges = true, ...subscribe } = options;
    let exited: (how: { offset: number; exit: Exit }) => void = () => undefined;
    this.#exited = new Promise((resolve) => {
      exited = resolve;
    });
    this.#opened = client
      .subscribe(session, {
        from: 'start',
        mode: 'exact',
        ...subscribe,
        onData: (bytes, offset) => {
          this.pieces.push({ offset, at: this.output.length, length: bytes.length });
          this.output.push(bytes);
          this.#end = offset + bytes.length;
          if (acknowledges) this.#subscription?.acknowledge(this.#end);
        },
        onGap: (gap) => {
          this.gaps.push(gap);
          subscribe.onGap?.(gap);
        },
        onResync: (resync) => {
          this.resyncs.push(resync.offset);
          subscribe.onResync?.(resync);
        },
        onResized: (size) => {
          this.sizes.push(size);
          subscribe.onResized?.(size);
        },
        onLeading: (leading) => {
          this.leading.push(leading);
          subscribe.onLeading?.(leading);
        },
        onExited: (how) => {
          exited(how);
          subscribe.onExited?.(how);
        },
      })
      .then((subscription) => {
        this.#subscription = subscription;
        if (acknowledges && this.#end > 0) subscription.acknowledge(this.#end);
      });
  }

  get subscription(): Subscription {
    if (!this.#subscription) throw new Error('not open yet');
    return this.#subscription;
  }

  get bytes(): Buffer {
    return this.output.bytes;
  }

  get text(): string {
    return this.output.text;
  }

  /** Resolves when the output has contained it. */
  waitFor(pattern: string | RegExp, withinMs?: number): Promise<RegExpExecArray> {
    return this.output.waitFor(pattern, withinMs);
  }

  /** Resolves when the session has exited and all its output has come. */
  exited(withinMs?: number): Promise<{ offset: number; exit: Exit }> {
    return within('the end of the session', this.#exited, withinMs);
  }
}
