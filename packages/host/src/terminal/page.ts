import type { Client, Subscription } from '@holdfast/client';
import { HoldfastError, type Session } from '@holdfast/protocol';
import { CatchUp } from './catch-up.ts';
import { CLOSE, closeCodeOf } from './close-code.ts';
import type { Entry, Feed, Feeds } from './feed.ts';
import type { Screen } from './feed-screens.ts';
import { failureOf } from '../api/failure.ts';
import { type Attach, dataFrame, HEADER_BYTES, type PageMessage, WINDOW_BYTES } from './messages.ts';
import { PageInput } from './page-input.ts';
import type { PageSocket } from './page-socket.ts';

export interface PageOptions {
  readonly client: Client;
  readonly session: Session;
  readonly attach: Attach;
  /** It may neither type nor lead. */
  readonly readOnly: boolean;
  readonly socket: PageSocket;
  readonly feeds: Feeds;
  /** Ends with the page: of the connection that `client` is. */
  readonly use: Disposable;
}

/**
 * One terminal in a page: its place in the output, its window, its viewer at the daemon, and what it types.
 *
 *   acknowledged ≤ sent ≤ acknowledged + WINDOW_BYTES
 *
 * It follows the feed that all pages share. One that has fallen out of it is served from the daemon's history, until it is
 * back in the feed.
 */
export class Page {
  readonly #options: PageOptions;
  /** It may neither type nor lead: as it was asked for, or since the daemon allows this host no more. */
  #isReadOnly: boolean;
  readonly #feed: Feed;
  readonly #listener = { grew: () => this.#pump(), lost: (error: HoldfastError) => this.fail(error) };
  /** The next byte to be sent. */
  #sent = 0;
  #acknowledged = 0;
  /** The number of the entry of the feed that is next; undefined while it catches up. */
  #next: number | undefined;
  #catchUp: CatchUp | undefined;
  /** Undefined for one that may not lead. */
  #viewer: Subscription | undefined;
  #input: PageInput | undefined;
  /** It is this page's to answer what is asked from here on. */
  #answersFrom = Number.POSITIVE_INFINITY;
  #isPaused = false;
  #isReady = false;
  #isAwaitingScreen = false;
  #isOver = false;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#isReadOnly = options.readOnly;
    const { client, session, feeds, socket } = options;
    this.#feed = feeds.join(client, session.id, this.#listener);
    socket.onDrain = () => {
      this.#input?.tellProgress();
      this.#catchUp?.acknowledge(this.#acknowledged);
      this.#pump();
    };
  }

  /** Resolves when it has begun. Rejects with the daemon's error; the page is to be closed then, too. */
  async begin(): Promise<void> {
    const { session, attach, socket } = this.#options;
    await this.#feed.opened;
    const isNew = attach.from === 'new';
    const beginsWithScreen = isNew && this.#takesScreens && session.offset > 0;
    const newest = beginsWithScreen ? session.offset : this.#feed.newest;
    const offset = attach.from === 'new' ? newest : attach.from;
    if (offset > session.offset && !isNew) {
      throw new HoldfastError('E_OFFSET', `offset ${offset} is beyond the end, which is ${session.offset}`);
    }
    this.#sent = offset;
    this.#acknowledged = offset;
    this.#next = this.#feed.numberAt(offset);
    if (!this.#isReadOnly && session.state === 'running')
      await this.#beginViewer(offset).catch((error: unknown) => this.#onlyLooks(error));
    if (this.#isOver) return;
    const { leading = false, session: now = session } = this.#viewer ?? {};
    const screen = beginsWithScreen ? { screen: true as const } : {};
    socket.say({ type: 'attached', session: now, offset, readOnly: this.#isReadOnly, leading, ...screen });
    // It may have become the leader since the daemon answered.
    if (leading && this.#answersFrom > now.offset)
      socket.say({ type: 'leading', leading, offset: this.#answersFrom });
    this.#isReady = true;
    if (beginsWithScreen) return this.#beginScreen();
    if (isNew && !this.#takesScreens) this.#repaint();
    this.#pump();
  }

  message(message: Exclude<PageMessage, Attach>): void {
    if (this.#isOver) return;
    if (message.type === 'ack') return this.#acknowledge(message.offset);
    this.#viewer?.setViewport({ cols: message.cols, rows: message.rows });
  }

  /** Bytes that the page types. */
  type(offset: number, bytes: Buffer): void {
    if (this.#isOver) return;
    const { client, session, attach, socket } = this.#options;
    if (this.#isReadOnly) return this.fail(new HoldfastError('E_FORBIDDEN', 'this page may not type'));
    // The session has exited, and the page will hear of it.
    if (!this.#viewer) return;
    if (attach.stream === undefined)
      return this.fail(new HoldfastError('E_PROTOCOL', 'attach named no stream to type on'));
    const viewer = this.#viewer;
    const failed = (error: unknown) => this.fail(error);
    const { stream, again = false } = attach;
    this.#input ??= new PageInput({ client, session: session.id, stream, again, viewer, socket, failed });
    try {
      this.#input.type(offset, bytes);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Says why, and closes it. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    const { code, message, retry } = failureOf(error);
    this.#options.socket.say({ type: 'error', code, message, retry });
    this.#options.socket.close(closeCodeOf(code, retry), message);
    this.close();
  }

  /** Lets go of everything. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { client, feeds, use } = this.#options;
    feeds.leave(client, this.#feed, this.#listener);
    this.#input?.close();
    this.#catchUp?.close();
    void this.#viewer?.close();
    use[Symbol.dispose]();
  }

  async #beginViewer(offset: number): Promise<void> {
    const { client, session, attach, socket } = this.#options;
    const { cols, rows } = attach;
    const viewer = await client.subscribe(session.id, {
      from: offset,
      mode: 'viewer',
      // It has its output by the feed.
      windowBytes: 0,
      viewport: { cols, rows },
      onData: () => {},
      onAnswering: (from, offset) => {
        this.#answersFrom = from ?? Number.POSITIVE_INFINITY;
        // Before it is attached, that tells.
        if (this.#isReady) socket.say({ type: 'leading', leading: from !== undefined, offset });
      },
      onLeading: () => this.#pace(),
      onLost: (error) => this.fail(error),
    });
    if (this.#isOver) void viewer.close();
    else this.#viewer = viewer;
  }

  /** The credentials with which another machine is reached may be for looking only. */
  #onlyLooks(error: unknown): void {
    if (!(error instanceof HoldfastError) || error.code !== 'E_FORBIDDEN') throw error;
    this.#isReadOnly = true;
  }

  /** Whether it knows the message `screen`. */
  get #takesScreens(): boolean {
    return this.#options.attach.screen === true;
  }

  /** It is shown what the session shows, and goes on with the output from there. */
  #beginScreen(): void {
    this.#catchUp?.close();
    this.#catchUp = undefined;
    this.#next = undefined;
    this.#isAwaitingScreen = true;
    const shown = this.#feed.screen().then((screen) => this.#show(screen));
    shown.catch((error: unknown) => this.fail(error));
  }

  #show(screen: Screen | undefined): void {
    if (this.#isOver) return;
    const { socket, session } = this.#options;
    this.#isAwaitingScreen = false;
    // Nobody else answers what was asked meanwhile.
    const asked = screen && this.#feed.queries(Math.max(this.#answersFrom, this.#sent), screen.offset);
    const offset = screen?.offset ?? this.#feed.newest;
    this.#sent = offset;
    // What it had not parsed before does not count any more.
    this.#acknowledged = offset;
    this.#next = screen ? this.#feed.numberBehind(screen) : this.#feed.numberAt(offset);
    const { cols, rows } = this.#viewer?.session ?? session;
    if (screen) socket.encoded(screen.message);
    else socket.say({ type: 'screen', offset, cols, rows, incomplete: ['unavailable'], text: '' });
    if (asked) socket.say({ type: 'asked', text: asked });
    // A program that has the whole screen repaints it; so does a shell's prompt.
    if (!screen || screen.incomplete.length > 0) this.#repaint();
    this.#pace();
    this.#pump();
  }

  /** What is shown is not the whole of a program's screen. */
  #repaint(): void {
    const { client, session } = this.#options;
    if (!this.#viewer) return;
    // E_EXITED, E_DISCONNECTED: the output tells.
    client.request('signal', { session: session.id, signal: 'SIGWINCH' }).catch(() => undefined);
  }

  #acknowledge(offset: number): void {
    if (offset > this.#sent) {
      return this.fail(
        new HoldfastError('E_PROTOCOL', `${offset} is acknowledged, but ${this.#sent} was sent`),
      );
    }
    if (offset <= this.#acknowledged) return;
    this.#acknowledged = offset;
    this.#pace();
    // One that acknowledges and does not read is sent no more than one that reads and does not acknowledge.
    if (!this.#options.socket.isFull) this.#catchUp?.acknowledge(offset);
    this.#pump();
  }

  /** Only the leader's progress matters to the daemon. */
  #pace(): void {
    if (this.#viewer?.leading) this.#viewer.acknowledge(this.#acknowledged);
  }

  /** Sends what there is, as far as the page's window goes. */
  #pump(): void {
    const { socket } = this.#options;
    while (this.#isReady && !this.#isOver && !this.#catchUp && !this.#isAwaitingScreen) {
      const entry = this.#next === undefined ? 'gone' : this.#feed.entry(this.#next);
      if (entry === undefined) return this.#pause(false);
      if (socket.isFull) return this.#pause(true);
      if (entry === 'gone') {
        if (!this.#beginCatchUp()) return this.#pause(true);
      } else if (!this.#send(entry)) return this.#pause(true);
    }
  }

  /** False if there is no room. */
  #send(entry: Entry): boolean {
    const { socket } = this.#options;
    switch (entry.kind) {
      case 'bytes': {
        const skipped = this.#sent - entry.offset;
        if (entry.end - this.#acknowledged > WINDOW_BYTES) return false;
        socket.data(
          skipped === 0 ? entry.frame : dataFrame(this.#sent, entry.frame.subarray(HEADER_BYTES + skipped)),
        );
        this.#sent = entry.end;
        break;
      }
      case 'resized': {
        const { offset, cols, rows } = entry;
        socket.say({ type: 'resized', offset, cols, rows });
        break;
      }
      case 'resync':
        // One that was behind has had, from the history, what others missed.
        if (entry.offset === this.#sent) break;
        this.#resync(entry.offset);
        // It may be that it waits for a screen now.
        if (this.#isAwaitingScreen) return true;
        break;
      case 'exited':
        this.#exited(entry);
        break;
    }
    if (this.#next !== undefined) this.#next += 1;
    return true;
  }

  #resync(offset: number): void {
    if (this.#takesScreens) return this.#beginScreen();
    this.#sent = offset;
    // What it had not parsed before does not count any more.
    this.#acknowledged = offset;
    this.#options.socket.say({ type: 'resync', offset });
    this.#pace();
  }

  #exited({ offset, exit }: Extract<Entry, { kind: 'exited' }>): void {
    this.#options.socket.say({ type: 'exited', offset, exit });
    this.#options.socket.close(CLOSE.done);
    this.close();
  }

  /** From the daemon's history, until the feed has it again. False while the page has too much unread. */
  #beginCatchUp(): boolean {
    const { client, session, socket } = this.#options;
    if (this.#sent - this.#acknowledged > WINDOW_BYTES / 2) return false;
    this.#next = undefined;
    this.#catchUp = new CatchUp({
      client,
      session: session.id,
      from: this.#sent,
      windowBytes: WINDOW_BYTES / 2,
      onData: (frame, end) => {
        socket.data(frame);
        this.#sent = end;
        this.#rejoin();
      },
      onResync: (offset) => {
        this.#resync(offset);
        if (!this.#isAwaitingScreen) this.#rejoin();
      },
      onResized: (resized) => socket.say({ type: 'resized', ...resized }),
      onExited: (exited) => this.#exited({ kind: 'exited', ...exited }),
      onFailed: (error) => this.fail(error),
    });
    return true;
  }

  #rejoin(): void {
    const number = this.#feed.numberAt(this.#sent);
    if (number === undefined) return;
    this.#catchUp?.close();
    this.#catchUp = undefined;
    this.#next = number;
    this.#pump();
  }

  #pause(paused: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    this.#options.socket.say({ type: 'pause', paused });
  }
}
