import type { Session } from '@holdfast/protocol';
import { asSharedHere, sharedHere } from '../api/share.ts';
import { randomId } from '../random-id.ts';
import { placeOf } from '../sessions/session-key.ts';
import { Store } from '../store.ts';
import { decodeFrame, encodeFrame, splitFrame } from './frames.ts';
import {
  carriesInput,
  eventOfClose,
  LATE_MS,
  LINK,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  pauseBeforeTry,
} from './link-state.ts';
import { type HostMessage, parseHostMessage } from './messages.ts';
import type { Outbox } from './outbox.ts';

/** At least so often the host is told what was parsed; it sends 512 KiB beyond that. */
const ACK_EVERY_BYTES = 64 * 1024;

const RESTORED: PieceRights = { isReplay: true, answers: false };
const ASKED: PieceRights = { isReplay: false, answers: true };

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What a terminal may do with a piece of output besides showing it. */
export interface PieceRights {
  /** It is older than this connection: nothing that it asks for is done again. */
  readonly isReplay: boolean;
  /** What is asked in it is this page's to answer. */
  readonly answers: boolean;
}

/** What shows the output. Everything is done in the order in which it is called. */
export interface LinkSink {
  /** `parsed` is called when these bytes have been. */
  write(bytes: Uint8Array, rights: PieceRights, parsed: () => void): void;
  resize(size: Size): void;
  /** What is shown is not true any more. */
  reset(): void;
}

/** What a pane shows of its link. */
export interface LinkView {
  readonly state: LinkState;
  /** Whether there was a connection that showed the session. */
  readonly wasAttached: boolean;
  /** Whether the session's size follows this pane. */
  readonly leading: boolean;
  readonly readOnly: boolean;
  /** Typed, and not yet at the program's terminal. */
  readonly heldBytes: number;
  readonly exit: NonNullable<Session['exit']> | null;
  /** Why the screen that it began with may differ from what a terminal shows that was always there. */
  readonly incomplete: readonly string[];
  /** Why it was refused. */
  readonly error: string | null;
  /** Typed before a crash: whether it arrived can't be known. */
  readonly inDoubt: string | null;
  /** How often a connection was made again. */
  readonly reconnects: number;
}

/** Whether something that was typed would be lost with the page: a program may be slow to take it, too. */
export function hasUndelivered({ heldBytes, exit }: Pick<LinkView, 'heldBytes' | 'exit'>): boolean {
  return heldBytes > 0 && exit === null;
}

/** Whether it waits for the terminal to be reached. */
export function isHoldingBack(view: Pick<LinkView, 'heldBytes' | 'exit' | 'state'>): boolean {
  return hasUndelivered(view) && view.state !== 'live';
}

export interface LinkOptions {
  /** What the page calls it. */
  readonly session: string;
  /** What is typed; there may be something in it already. */
  readonly outbox: Outbox;
  readonly readOnly: boolean;
  readonly size: Size;
  readonly sink: LinkSink;
  /** What it begins with: what the session shows, or all that was printed. */
  readonly begin: 'screen' | 'output';
  /** What waits in the outbox is dropped now: it turns out that this page may only look. */
  readonly onMayNotType: () => void;
}

/** One terminal's WebSocket, and its successors: output by offset, acknowledged; input numbered, and held back while there is none. */
export class TerminalLink {
  readonly view: Store<LinkView>;
  readonly #options: LinkOptions;
  readonly #outbox: Outbox;
  #size: Size;
  #socket: WebSocket | undefined;
  #tries = 0;
  #closeCode = 0;
  #tryTimer: ReturnType<typeof setTimeout> | undefined;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  /** The next byte wanted; undefined before the first attach. */
  #offset: number | undefined;
  #parsed = 0;
  #acknowledged = 0;
  /** The newest offset when the connection was made: output before it is replayed, and nothing that it asks for is done again. */
  #replayEnd = 0;
  /** Where what is asked is this page's to answer: while it led, by the offset of a query's last byte. */
  #answers = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  #isDisposed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#size = options.size;
    this.view = new Store<LinkView>({
      state: 'opening',
      wasAttached: false,
      leading: false,
      readOnly: options.readOnly,
      heldBytes: options.outbox.heldBytes,
      exit: null,
      incomplete: [],
      error: null,
      inDoubt: null,
      reconnects: 0,
    });
    this.#do('startLate');
    this.#do('open');
  }

  /** Of the next byte of output; 0 before the first attach. */
  get offset(): number {
    return this.#offset ?? 0;
  }

  /** False if too much waits already. */
  type(bytes: Uint8Array): boolean {
    // Told by the host: it may be for looking only.
    if (bytes.length === 0 || this.view.get().readOnly) return true;
    if (!this.#outbox.add(bytes)) return false;
    this.#flush();
    return true;
  }

  /** The pane has another size. */
  resize(size: Size): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    if (carriesInput(this.view.get().state)) this.#say({ type: 'viewport', ...size });
  }

  reconnect(): void {
    this.#on('reconnect');
  }

  /** What the page knows of the daemon: whether it answers. */
  heard(answers: boolean): void {
    this.#on(answers ? 'answered' : 'unanswered');
  }

  forgetIncomplete(): void {
    this.#show({ incomplete: [] });
  }

  forgetDoubt(): void {
    this.#show({ inDoubt: null });
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#tryTimer);
    clearTimeout(this.#lateTimer);
    this.#close();
  }

  #on(event: LinkEvent): void {
    if (this.#isDisposed) return;
    const { state, effects } = LINK[this.view.get().state][event];
    this.#show({ state });
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: LinkEffect): void {
    switch (effect) {
      case 'open':
        return this.#open();
      case 'close':
        return this.#close();
      case 'scheduleTry':
        this.#tryTimer = setTimeout(() => this.#on('due'), pauseBeforeTry(this.#tries, this.#closeCode));
        this.#tries += 1;
        return undefined;
      case 'cancelTry':
        return clearTimeout(this.#tryTimer);
      case 'startLate':
        this.#lateTimer = setTimeout(() => this.#on('late'), LATE_MS);
        return undefined;
      case 'cancelLate':
        return clearTimeout(this.#lateTimer);
      case 'resetPause':
        this.#tries = 0;
        return undefined;
    }
  }

  #open(): void {
    const { session, machine } = placeOf(this.#options.session);
    const url = asSharedHere(`/terminal/${encodeURIComponent(session)}`);
    const namespace = sharedHere()?.namespace;
    if (namespace !== undefined) url.searchParams.set('namespace', namespace);
    if (machine !== undefined) url.searchParams.set('machine', machine);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    // What an abandoned socket still has to say is nobody's business.
    const ours = (act: () => void) => () => {
      if (this.#socket === socket) act();
    };
    socket.addEventListener(
      'open',
      ours(() => this.#attach()),
    );
    socket.addEventListener('message', (event: MessageEvent<unknown>) =>
      ours(() => this.#received(event.data))(),
    );
    socket.addEventListener('close', (event) => ours(() => this.#closed(event.code, event.reason))());
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #closed(code: number, reason: string): void {
    this.#socket = undefined;
    this.#closeCode = code;
    const event = eventOfClose(code);
    if (event === 'refused')
      this.#show({ error: this.view.get().error ?? (reason || `closed with ${code}`) });
    this.#on(event);
  }

  #attach(): void {
    const { readOnly, begin } = this.#options;
    this.#say({
      type: 'attach',
      from: this.#offset ?? (begin === 'output' ? 0 : 'new'),
      screen: true,
      ...this.#size,
      ...(readOnly ? { readOnly } : { stream: this.#outbox.stream, again: this.#outbox.isKnown }),
    });
  }

  #received(data: unknown): void {
    if (data instanceof ArrayBuffer) return this.#output(data);
    if (typeof data !== 'string') return undefined;
    const message = parseHostMessage(data);
    return message && this.#told(message);
  }

  #told(message: HostMessage): void {
    const { sink } = this.#options;
    switch (message.type) {
      case 'attached':
        return this.#attached(message);
      case 'resized':
        return sink.resize(message);
      case 'resync':
        this.#startAt(message.offset);
        return sink.reset();
      case 'screen':
        return this.#begin(message);
      case 'asked':
        return sink.write(new TextEncoder().encode(message.text), ASKED, () => undefined);
      case 'leading':
        this.#lead(message.leading, message.offset ?? this.offset);
        return this.#show({ leading: message.leading });
      case 'pause':
        return undefined;
      case 'inputDone':
        this.#outbox.done(message.offset);
        return this.#flush();
      case 'inputUnknown': {
        this.#doubt(this.#outbox.unknown(message.from, message.to));
        return this.#flush();
      }
      case 'exited':
        return this.#show({ exit: message.exit });
      case 'error':
        // The session was restored, or has had too many who typed since; the next connection types on.
        if (message.code === 'E_INPUT_UNKNOWN') return this.#doubt(this.#outbox.beginAnew(randomId()));
        return message.retry ? undefined : this.#show({ error: message.message });
    }
  }

  #attached(attached: Extract<HostMessage, { type: 'attached' }>): void {
    const { session, offset, leading, readOnly, screen } = attached;
    const isFirst = this.#offset === undefined;
    // Nothing is shown before the screen has come: were the connection lost now, it would be asked for again.
    if (this.#offset !== offset && !screen) this.#startAt(offset);
    this.#replayEnd = session.offset;
    this.#lead(leading, session.offset);
    if (isFirst) this.#options.sink.resize(session);
    const { reconnects } = this.view.get();
    this.#show({ leading, readOnly, error: null, reconnects: isFirst ? reconnects : reconnects + 1 });
    // The host has got the size of the attach; it may have changed since.
    this.#say({ type: 'viewport', ...this.#size });
    if (readOnly) this.#dropInput();
    this.#outbox.restart();
    this.#on('attached');
    this.#show({ wasAttached: true });
    this.#flush();
  }

  #doubt(bytes: Uint8Array): void {
    // It is told again on each connection.
    if (bytes.length === 0) return;
    this.#show({ inDoubt: (this.view.get().inDoubt ?? '') + new TextDecoder().decode(bytes) });
  }

  /** A page that may not type, and does, is sent away. */
  #dropInput(): void {
    if (this.#outbox.heldBytes === 0) return;
    this.#options.onMayNotType();
    this.#outbox.drop(randomId());
  }

  /** The terminal shows what the session does, whatever it showed before. */
  #begin({ offset, text, incomplete, ...size }: Extract<HostMessage, { type: 'screen' }>): void {
    const { sink } = this.#options;
    this.#startAt(offset);
    sink.reset();
    sink.resize(size);
    sink.write(new TextEncoder().encode(text), RESTORED, () => undefined);
    this.#show({ incomplete });
  }

  /** From an offset on this page leads, or leads no longer. */
  #lead(leading: boolean, offset: number): void {
    if (leading) this.#answers = { from: offset, to: Number.POSITIVE_INFINITY };
    else this.#answers = { ...this.#answers, to: Math.min(this.#answers.to, offset) };
  }

  #startAt(offset: number): void {
    this.#offset = offset;
    this.#parsed = offset;
    this.#acknowledged = offset;
  }

  #output(data: ArrayBuffer): void {
    const frame = decodeFrame(data);
    if (!frame || frame.offset !== this.#offset) {
      // It would show something that was never printed like this.
      this.#show({ error: `output at ${frame?.offset} came instead of ${this.#offset}` });
      this.#close();
      return this.#on('refused');
    }
    this.#offset = frame.offset + frame.bytes.length;
    const { from, to } = this.#answers;
    for (const { offset, bytes } of splitFrame(frame, this.#replayEnd, from, to)) {
      const end = offset + bytes.length;
      const rights = { isReplay: end <= this.#replayEnd, answers: offset >= from && end <= to };
      this.#options.sink.write(bytes, rights, () => this.#acknowledge(end));
    }
    return undefined;
  }

  #acknowledge(parsed: number): void {
    // What was written before a resync does not count any more.
    if (parsed <= this.#parsed || this.#offset === undefined || parsed > this.#offset) return;
    this.#parsed = parsed;
    const isAll = parsed === this.#offset;
    if (!isAll && parsed - this.#acknowledged < ACK_EVERY_BYTES) return;
    this.#acknowledged = parsed;
    this.#say({ type: 'ack', offset: parsed });
  }

  #flush(): void {
    const { state, readOnly } = this.view.get();
    if (carriesInput(state) && !readOnly && this.#socket)
      for (const frame of this.#outbox.take()) this.#socket.send(encodeFrame(frame));
    this.#show({ heldBytes: this.#outbox.heldBytes });
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #show(change: Partial<LinkView>): void {
    const view = this.view.get();
    const isNew = Object.entries(change).some(([key, value]) => view[key as keyof LinkView] !== value);
    if (isNew) this.view.set({ ...view, ...change });
  }
}
