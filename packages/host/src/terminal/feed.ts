import type { Client, Subscription } from '@holdfast/client';
import type { Exit, HoldfastError } from '@holdfast/protocol';
import { findQueries } from '@holdfast/screen/queries';
import { FeedScreens, type Screen } from './feed-screens.ts';
import { dataFrame, HEADER_BYTES } from './messages.ts';

/** What of a session's output is kept here for all its pages; one that is further behind is served by the daemon's history. */
const RING_BYTES = 1024 * 1024;
/** While a screen is made, which is behind by as much as a flood prints in that time. */
const RING_BYTES_FOR_SCREEN = 8 * 1024 * 1024;
/** No query is longer. */
const QUERY_BYTES = 4 * 1024;
/** What a new page sees: a screen and what led to it. */
const NEWEST_BYTES = 256 * 1024;
/** What an entry costs besides its bytes, an object and a view of them, as measured: so that very many small ones are bounded, too. */
const ENTRY_BYTES = 224;

/** A piece of the output, or what happened in between. */
export type Entry =
  | { readonly kind: 'bytes'; readonly offset: number; readonly end: number; readonly frame: Buffer }
  | { readonly kind: 'resized'; readonly offset: number; readonly cols: number; readonly rows: number }
  /** The host fell behind: output goes on here. */
  | { readonly kind: 'resync'; readonly offset: number }
  | { readonly kind: 'exited'; readonly offset: number; readonly exit: Exit };

/** Who is told. */
export interface FeedListener {
  /** There is another entry. */
  grew(): void;
  /** Nothing comes any more. */
  lost(error: HoldfastError): void;
}

/**
 * The output of one session for all pages that show it: one subscription at the daemon, whose newest entries are kept, numbered.
 * A page's place is the number of the entry that it needs next. Bytes are framed once, for everybody.
 */
export class Feed {
  /** Its id. */
  readonly session: string;
  /** Resolves when it has begun; rejects with the daemon's error. */
  readonly opened: Promise<void>;
  readonly #listeners = new Set<FeedListener>();
  #entries: Entry[] = [];
  #firstNumber = 0;
  #bytes = 0;
  /** Offset of the oldest byte here, and of the next one to come. */
  #start = 0;
  #end = 0;
  #subscription: Subscription | undefined;
  #isClosed = false;
  readonly #screens: FeedScreens;
  /** Called as soon as everything before its offset is here, or was skipped. */
  readonly #awaiting = new Set<{ readonly offset: number; readonly resolve: () => void }>();

  constructor(client: Client, session: string) {
    this.session = session;
    this.#screens = new FeedScreens({
      make: (timeoutMs) => client.snapshot(session, { timeoutMs }),
      reaches: (offset) => this.#reached(offset),
      has: (offset) => this.numberAt(offset) !== undefined,
    });
    const opening = client.subscribe(session, {
      from: 'start',
      newestBytes: NEWEST_BYTES,
      mode: 'viewer',
      readOnly: true,
      onData: (bytes, offset) => {
        const end = offset + bytes.length;
        if (this.#entries.length === 0) this.#start = offset;
        this.#end = end;
        this.#push({ kind: 'bytes', offset, end, frame: dataFrame(offset, bytes) });
      },
      onResized: (resized) => this.#push({ kind: 'resized', ...resized }),
      onResync: ({ offset }) => {
        this.#firstNumber += this.#entries.length;
        this.#entries = [];
        this.#bytes = 0;
        this.#start = offset;
        this.#end = offset;
        this.#push({ kind: 'resync', offset });
      },
      onExited: (exited) => this.#push({ kind: 'exited', ...exited }),
      onLost: (error) => {
        for (const listener of this.#listeners) listener.lost(error);
      },
    });
    this.opened = opening.then((subscription) => {
      this.#subscription = subscription;
      if (this.#isClosed) return void subscription.close();
      if (this.#end === 0) this.#start = this.#end = subscription.offset;
      return undefined;
    });
    // A page that has gone meanwhile asks no more.
    this.opened.catch(() => undefined);
  }

  listen(listener: FeedListener): void {
    this.#listeners.add(listener);
  }

  /** True if nobody is left. */
  leave(listener: FeedListener): boolean {
    this.#listeners.delete(listener);
    return this.#listeners.size === 0;
  }

  /** Whether its session has exited, and all of its output is here. */
  get hasEnded(): boolean {
    return this.#entries.at(-1)?.kind === 'exited';
  }

  /** Where a new page begins. */
  get newest(): number {
    return Math.max(this.#start, this.#end - NEWEST_BYTES);
  }

  /** An entry by its number; undefined if it has not come yet. `gone`: it is no longer here. */
  entry(number: number): Entry | 'gone' | undefined {
    return number < this.#firstNumber ? 'gone' : this.#entries[number - this.#firstNumber];
  }

  /** The number of the entry with the byte at an offset, or of what happened there before it; undefined if it is not here. */
  numberAt(offset: number): number | undefined {
    if (offset < this.#start || offset > this.#end) return undefined;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      const isBefore = entry && (entry.kind === 'bytes' ? entry.end <= offset : entry.offset < offset);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return this.#firstNumber + low;
  }

  /** What a fresh terminal is shown, which goes on with the output from there: that is here. Undefined if none can be had. */
  screen(): Promise<Screen | undefined> {
    return this.#screens.next();
  }

  /** The number of the entry that comes behind a screen. */
  numberBehind({ offset, cols, rows }: Screen): number | undefined {
    const first = this.numberAt(offset);
    if (first === undefined) return undefined;
    let behind = first;
    // Of the sizes at its offset it has had those up to its own, if that is one of them.
    for (let number = first; ; number += 1) {
      const entry = this.entry(number);
      if (entry === undefined || entry === 'gone' || entry.kind !== 'resized' || entry.offset !== offset)
        return behind;
      if (entry.cols === cols && entry.rows === rows) behind = number + 1;
    }
  }

  /** What was asked in a part of the output, by queries whose last byte is in it. */
  queries(from: number, to: number): string {
    if (from >= to) return '';
    const begin = Math.max(this.#start, from - QUERY_BYTES);
    const pieces: Buffer[] = [];
    for (const entry of this.#entries) {
      if (entry.kind !== 'bytes' || entry.end <= begin || entry.offset >= to) continue;
      const bytes = entry.frame.subarray(HEADER_BYTES);
      pieces.push(bytes.subarray(Math.max(0, begin - entry.offset), to - entry.offset));
    }
    const output = Buffer.concat(pieces);
    let asked = '';
    findQueries(output, (at, end) => {
      if (begin + end > from) asked += output.toString('latin1', at, end);
    });
    return asked;
  }

  close(): void {
    this.#isClosed = true;
    void this.#subscription?.close();
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += sizeOf(entry);
    this.#trim();
    for (const waiting of this.#awaiting) {
      if (this.#end < waiting.offset) continue;
      this.#awaiting.delete(waiting);
      waiting.resolve();
    }
    for (const listener of this.#listeners) listener.grew();
  }

  #reached(offset: number): Promise<void> {
    if (this.#end >= offset) return Promise.resolve();
    return new Promise((resolve) => this.#awaiting.add({ offset, resolve }));
  }

  /** A quarter at a time: the cost of an entry does not grow with their number. */
  #trim(): void {
    const most = this.#screens.isMaking ? RING_BYTES_FOR_SCREEN : RING_BYTES;
    if (this.#bytes <= most + RING_BYTES / 4) return;
    let dropped = 0;
    for (const entry of this.#entries) {
      if (this.#bytes <= most) break;
      this.#bytes -= sizeOf(entry);
      dropped += 1;
      this.#start = entry.kind === 'bytes' ? entry.end : entry.offset;
    }
    this.#entries = this.#entries.slice(dropped);
    this.#firstNumber += dropped;
  }
}

function sizeOf(entry: Entry): number {
  return ENTRY_BYTES + (entry.kind === 'bytes' ? entry.frame.length : 0);
}

/** The feeds of all sessions that are shown, each for as long as somebody looks. */
export class Feeds {
  readonly #byClient = new WeakMap<Client, Map<string, Feed>>();

  /** `session`: its id. */
  join(client: Client, session: string, listener: FeedListener): Feed {
    const feeds = this.#byClient.get(client) ?? new Map<string, Feed>();
    this.#byClient.set(client, feeds);
    const known = feeds.get(session);
    // Behind the end of a session there is nothing, unless it was restored.
    const feed = known && !known.hasEnded ? known : new Feed(client, session);
    feeds.set(session, feed);
    feed.listen(listener);
    return feed;
  }

  leave(client: Client, feed: Feed, listener: FeedListener): void {
    if (!feed.leave(listener)) return;
    feed.close();
    const feeds = this.#byClient.get(client);
    if (feeds?.get(feed.session) === feed) feeds.delete(feed.session);
  }
}
