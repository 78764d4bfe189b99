import type { Client, Input, Subscription } from '@holdfast/client';
import { close, isErrno, isTerminal, type Reactor, reopenNonBlocking, type Timer } from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS, type Session } from '@holdfast/protocol';
import { gapLine } from '../output/gap-line.ts';
import { DetachKeys, type PrefixKey } from './detach-keys.ts';
import { FdReader } from './fd-reader.ts';
import { FdWriter } from './fd-writer.ts';
import { OutputPump } from './output-pump.ts';
import { ScreenModes } from './screen-modes.ts';
import { TerminalGuard } from './terminal-guard.ts';
import { viewport } from './viewport.ts';

/** How a view ends. */
export type Ending =
  | { readonly kind: 'exited'; readonly exit: Exit }
  | { readonly kind: 'detached' }
  /** The user's terminal, or the reader of the output, has gone. */
  | { readonly kind: 'closed' }
  /** The output can't be written, as on a full disk. */
  | { readonly kind: 'unwritable'; readonly error: Error }
  | { readonly kind: 'lost'; readonly error: HoldfastError };

export interface ViewOptions {
  readonly client: Client;
  readonly reactor: Reactor;
  readonly session: Session;
  readonly env: NodeJS.ProcessEnv;
  readonly prefix: PrefixKey | undefined;
  /** Neither types nor leads. */
  readonly readOnly: boolean;
  /** Where the output begins: with what a new viewer should see, or with the first byte. */
  readonly from: 'newest' | 'start';
  /** What to do with signals that are meant for a program in the foreground. */
  readonly signals: 'leave' | 'forward';
  /** A line for people, to stderr, while the view goes on. */
  readonly note: (text: string) => void;
}

/** History that is replayed to a new viewer: a screen and what led to it, not a megabyte of it. */
const NEWEST_BYTES = 256 * 1024;
/** A key report comes in one piece; when it was cut, the rest is there long before. */
const KEY_REPORT_MS = 50;
/** Typed bytes that wait; the keyboard is read no further then, detach keys included. A person never gets here. */
const TYPED_BYTES_MAX = 4 * 1024 * 1024;
/** An answer takes a fraction of it; a daemon that hangs must not keep the user. */
const LEAVE_MS = 500;
/** A daemon that was killed is back sooner: nothing needs to be said. */
const SHORT_OUTAGE_MS = 1_500;
const CLEAR_SCREEN = '\x1b[0m\x1b[r\x1b[H\x1b[2J';
const LEAVING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'];
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
const NEWLINE = 0x0a;

/** Shows a session on stdout and types stdin into it, until one of them ends. The terminal is as before afterwards. */
export async function viewSession(options: ViewOptions): Promise<Ending> {
  const view = new SessionView(options);
  try {
    await view.begin();
    return await view.ended;
  } finally {
    await view.leave();
    view.dispose();
  }
}

class SessionView {
  readonly ended: Promise<Ending>;
  readonly #options: ViewOptions;
  readonly #isKeyboard = isTerminal(0);
  readonly #isScreen = isTerminal(1);
  readonly #inputFd: number;
  readonly #outputFd = reopenNonBlocking(1, 'write');
  readonly #writer: FdWriter;
  readonly #pump: OutputPump;
  #awayNotice: Timer | undefined;
  readonly #modes = new ScreenModes();
  readonly #guard: TerminalGuard;
  readonly #keys: DetachKeys;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];
  #end: (ending: Ending) => void = () => undefined;
  #reader: FdReader | undefined;
  #input: Input | undefined;
  #subscription: Subscription | undefined;
  #flushTimer: { cancel(): void } | undefined;
  #leaseTimer: { cancel(): void } | undefined;
  #lastOutputByte = NEWLINE;
  #lastTypedByte = NEWLINE;
  /** All output has come; some of it may still have to be written. */
  #hasExited = false;
  #isOver = false;

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#inputFd = options.readOnly && !this.#isKeyboard ? -1 : reopenNonBlocking(0, 'read');
    this.ended = new Promise((resolve) => {
      this.#end = (ending) => {
        this.#isOver = true;
        resolve(ending);
      };
    });
    this.#writer = new FdWriter(options.reactor, this.#outputFd);
    this.#writer.onError = (error) => {
      const hasGone = isErrno(error, 'EPIPE', 'EIO', 'ECONNRESET');
      this.#end(hasGone ? { kind: 'closed' } : { kind: 'unwritable', error });
    };
    this.#pump = new OutputPump(this.#writer, (bytes) => this.#look(bytes));
    this.#keys = new DetachKeys(this.#isKeyboard ? options.prefix : undefined);
    this.#guard = new TerminalGuard({
      keyboardFd: this.#isKeyboard ? 0 : undefined,
      screenFd: this.#isScreen ? this.#outputFd : undefined,
      modes: this.#modes,
    });
  }

  async begin(): Promise<void> {
    const { client } = this.#options;
    client.onStateChange = (state, cause) => {
      // A daemon that is stopped goes right after its sessions.
      if (this.#hasExited) return;
      this.#awayNotice?.cancel();
      if (state === 'reconnecting') {
        this.#awayNotice = this.#options.reactor.after(SHORT_OUTAGE_MS, () => {
          this.#say('the daemon is away; reconnecting…');
        });
      }
      if (state === 'closed' && cause) this.#end({ kind: 'lost', error: cause });
    };
    this.#listen();
    this.#guard.enter();
    // Input is asked for first: the answer would be stuck behind output that the terminal does not take.
    const [input] = await Promise.all([this.#openInput(), this.#subscribe()]);
    this.#readKeyboard(input);
  }

  /** Lets go of the session first: a terminal that takes nothing may hold up the rest, and must not hold up the program. */
  async leave(): Promise<void> {
    const { reactor } = this.#options;
    const late = new Promise<void>((resolve) => void reactor.after(LEAVE_MS, resolve));
    await Promise.race([this.#subscription?.close(), late]);
  }

  dispose(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    this.#flushTimer?.cancel();
    this.#leaseTimer?.cancel();
    this.#reader?.close();
    this.#writer.close();
    this.#guard.restore();
    // What is printed next begins on a line of its own.
    if (this.#lastOutputByte !== NEWLINE) this.#guard.write('\n');
    this.#guard.dispose();
    if (this.#inputFd !== -1) close(this.#inputFd);
    close(this.#outputFd);
  }

  async #subscribe(): Promise<void> {
    const { client, session, env, readOnly, from } = this.#options;
    const { SSH_AUTH_SOCK, HOLDFAST_SESSION } = env;
    const subscription = await client.subscribe(session.id, {
      from: 'start',
      ...(from === 'newest' ? { newestBytes: NEWEST_BYTES } : {}),
      ...(this.#isScreen ? { mode: 'viewer', viewport: viewport(1), readOnly } : { mode: 'exact' }),
      ...(SSH_AUTH_SOCK && !readOnly ? { sshAuthSock: SSH_AUTH_SOCK } : {}),
      ...(HOLDFAST_SESSION ? { inside: HOLDFAST_SESSION } : {}),
      onData: this.#pump.onData,
      onGap: (gap) => {
        this.#pump.onGap(gap);
        this.#options.note(gapLine(gap));
      },
      onResync: ({ offset }) => {
        this.#pump.skipTo(offset);
        this.#writer.write(Buffer.from(CLEAR_SCREEN));
        this.#say('this terminal fell behind; output that was skipped is not shown');
      },
      onExited: ({ exit }) => {
        this.#hasExited = true;
        void this.#pump.whenIdle().then(() => this.#end({ kind: 'exited', exit }));
      },
      onLost: (error) => this.#end({ kind: 'lost', error }),
    });
    this.#subscription = subscription;
    this.#pump.bind(subscription);
    if (!this.#isScreen) this.#keepLease();
  }

  /** Whoever reads our output may be slow, as a pager is: the program waits for it, as it would in a pipe. */
  #keepLease(): void {
    this.#leaseTimer = this.#options.reactor.after(LIMITS.leaseMsDefault / 3, () => {
      if (!this.#writer.isIdle) this.#subscription?.renewLease();
      this.#keepLease();
    });
  }

  /** Undefined if nothing can be typed. */
  async #openInput(): Promise<Input | undefined> {
    const { client, session, readOnly } = this.#options;
    if (readOnly || session.state === 'exited') return undefined;
    try {
      return await client.openInput(session.id);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'E_EXITED') return undefined;
      throw error;
    }
  }

  #readKeyboard(input: Input | undefined): void {
    const { reactor, from } = this.#options;
    if (this.#inputFd === -1 || this.#isOver || (!input && !this.#isKeyboard)) return;
    if (input) {
      this.#input = input;
      input.onDrain = () => this.#reader?.resume();
      // Programs repaint on it: what was replayed is rarely the whole of their screen.
      if (from === 'newest' && this.#isScreen) this.#signal('SIGWINCH');
    }
    this.#reader = new FdReader(reactor, this.#inputFd, {
      onData: (bytes) => this.#typed(bytes),
      onEnd: (error) => this.#inputEnded(error),
    });
  }

  #typed(bytes: Uint8Array): void {
    this.#flushTimer?.cancel();
    this.#type(this.#keys.push(bytes));
    if (this.#keys.isDetached) this.#end({ kind: 'detached' });
    else if (this.#keys.isWaiting) {
      this.#flushTimer = this.#options.reactor.after(KEY_REPORT_MS, () => this.#type(this.#keys.flush()));
    }
  }

  #type(bytes: Uint8Array): void {
    const input = this.#input;
    if (!input || bytes.length === 0) return;
    this.#lastTypedByte = bytes.at(-1) ?? NEWLINE;
    // Why it failed is told by the subscription, which ends or is lost for the same reason.
    input.write(bytes).catch((error: HoldfastError) => {
      if (error.code === 'E_INPUT_UNKNOWN') this.#say(error.message);
    });
    const limit = this.#isKeyboard ? TYPED_BYTES_MAX : LIMITS.inputWindowBytes;
    if (input.bufferedBytes > limit) this.#reader?.pause();
  }

  #inputEnded(error: Error | undefined): void {
    if (error) this.#say(`stdin can't be read: ${error.message}`);
    if (this.#isKeyboard) return this.#end({ kind: 'closed' });
    this.#input?.end({ midLine: this.#lastTypedByte !== NEWLINE }).catch(() => undefined); // E_EXITED: nobody reads on
  }

  #look(bytes: Uint8Array): void {
    if (!this.#isScreen) return;
    this.#modes.push(bytes);
    this.#guard.touched();
    this.#lastOutputByte = bytes.at(-1) ?? NEWLINE;
  }

  /** A line in the midst of the output, where somebody sees it. */
  #say(text: string): void {
    if (!this.#isScreen) return this.#options.note(`holdfast: ${text}`);
    this.#guard.touched();
    this.#writer.write(Buffer.from(`\r\n[holdfast: ${text}]\r\n`));
  }

  #listen(): void {
    this.#on('SIGWINCH', () => {
      if (this.#isScreen) this.#subscription?.setViewport(viewport(1));
    });
    this.#on('SIGTSTP', () => {
      this.#guard.restore();
      process.kill(process.pid, 'SIGSTOP');
    });
    this.#on('SIGCONT', () => {
      this.#guard.enter();
      if (this.#isScreen) this.#subscription?.setViewport(viewport(1));
      if (this.#input && this.#isScreen) this.#signal('SIGWINCH');
    });
    const forwarded = this.#options.signals === 'forward' ? FORWARDED : [];
    for (const signal of forwarded) this.#on(signal, () => this.#signal(signal));
    for (const signal of LEAVING) {
      if (forwarded.includes(signal)) continue;
      // The exit handler restores the terminal.
      this.#on(signal, () => process.exit(128 + SIGNAL_NUMBERS[signal as keyof typeof SIGNAL_NUMBERS]));
    }
  }

  #on(signal: NodeJS.Signals, handler: () => void): void {
    process.on(signal, handler);
    this.#handlers.push([signal, handler]);
  }

  #signal(signal: NodeJS.Signals): void {
    const { client, session } = this.#options;
    // E_EXITED, E_DISCONNECTED: the subscription tells.
    client.request('signal', { session: session.id, signal }).catch(() => undefined);
  }
}
