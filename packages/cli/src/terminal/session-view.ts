import type { Client, Input, Subscription } from '@holdfast/client';
import { close, isErrno, isTerminal, type Reactor, reopenNonBlocking, type Timer } from '@holdfast/posix';
import { HoldfastError, LIMITS, type Session } from '@holdfast/protocol';
import { gapLine } from '../output/gap-line.ts';
import type { PrefixKey } from './detach-keys.ts';
import type { Ending } from './ending.ts';
import { FdWriter } from './fd-writer.ts';
import { Keyboard } from './keyboard.ts';
import { OutputPump } from './output-pump.ts';
import { ScreenModes } from './screen-modes.ts';
import { TerminalGuard } from './terminal-guard.ts';
import { viewport } from './viewport.ts';

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
/** An answer takes a fraction of it; a daemon that hangs must not keep the user. */
const LEAVE_MS = 500;
/** How long the program may take nothing of what has been typed before the rest is given up. */
const DELIVERY_MS = 2_000;
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
    // It may end while the daemon has not answered yet.
    return await Promise.race([view.ended, view.begun.then(() => view.ended)]);
  } finally {
    await view.leave();
    view.dispose();
  }
}

class SessionView {
  /** The session takes what is typed, and its output comes. Rejects with what the daemon says against it. */
  readonly begun: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly #options: ViewOptions;
  readonly #isKeyboard = isTerminal(0);
  readonly #isScreen = isTerminal(1);
  readonly #outputFd = reopenNonBlocking(1, 'write');
  readonly #writer: FdWriter;
  readonly #pump: OutputPump;
  #awayNotice: Timer | undefined;
  readonly #modes = new ScreenModes();
  readonly #guard: TerminalGuard;
  /** Undefined if stdin is of no use. */
  readonly #keyboard: Keyboard | undefined;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];
  #end: (ending: Ending) => void = () => undefined;
  #subscription: Subscription | undefined;
  #leaseTimer: { cancel(): void } | undefined;
  #lastOutputByte = NEWLINE;
  /** All output has come; some of it may still have to be written. */
  #hasExited = false;
  #isTyping = false;
  #isLeaving = false;

  constructor(options: ViewOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#writer = new FdWriter(options.reactor, this.#outputFd);
    this.#writer.onError = (error) => {
      if (isErrno(error, 'EPIPE', 'ECONNRESET')) this.#end({ kind: 'unread' });
      else this.#end(isErrno(error, 'EIO') ? { kind: 'closed' } : { kind: 'unwritable', error });
    };
    const onBytes = (bytes: Uint8Array) => this.#look(bytes);
    this.#pump = new OutputPump(this.#writer, { onBytes, isTerminal: this.#isScreen });
    if (this.#isKeyboard || !options.readOnly) {
      this.#keyboard = new Keyboard({
        reactor: options.reactor,
        isTerminal: this.#isKeyboard,
        prefix: options.prefix,
        onDetach: () => this.#end({ kind: 'detached' }),
        onGone: () => this.#end({ kind: 'closed' }),
        say: (text) => this.#say(text),
      });
    }
    this.#guard = new TerminalGuard({
      keyboardFd: this.#isKeyboard ? 0 : undefined,
      screenFd: this.#isScreen ? this.#outputFd : undefined,
      modes: this.#modes,
    });
    this.begun = this.#begin();
  }

  async #begin(): Promise<void> {
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
    if (this.#options.readOnly) this.#keyboard?.connect(undefined);
    // A raw terminal has no other key that leaves. An exited session is over at once, and what is typed is for the shell.
    if (this.#isKeyboard && this.#options.session.state === 'running') this.#keyboard?.read();
    // Input is asked for first: the answer would be stuck behind output that the terminal does not take.
    const [input] = await Promise.all([this.#openInput(), this.#subscribe()]);
    this.#typeInto(input);
  }

  /**
   * Lets go of the session first: a terminal that takes nothing may hold up the rest, and must not hold up the program.
   * What was typed is handed over, which takes a while only if it is much and the program reads slowly.
   */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    const keyboard = this.#keyboard;
    keyboard?.stop();
    const letGo = this.begun
      .catch(() => undefined) // Whoever shows the session has that error.
      .then(() => Promise.all([this.#subscription?.close(), keyboard?.release()]));
    await Promise.race([letGo, this.#after(LEAVE_MS)]);
    this.#leaseTimer?.cancel();
    this.#awayNotice?.cancel();
    this.#writer.close();
    // What is printed next begins on a line of its own; where the alternate screen was entered one has begun.
    const isMidLine = this.#lastOutputByte !== NEWLINE && !this.#modes.isAlternate;
    this.#guard.restore();
    if (isMidLine) this.#guard.write('\n');
    this.#stopListening();
    if (keyboard && keyboard.undeliveredBytes > 0) await this.#deliver(keyboard, letGo);
    const behind = keyboard?.bytesBehindDetachKeys ?? 0;
    if (behind > 0)
      this.#options.note(`holdfast: ${behind} bytes that came right behind the detach keys are lost`);
  }

  dispose(): void {
    this.#guard.dispose();
    this.#keyboard?.dispose();
    close(this.#outputFd);
  }

  /** Waits for a program that reads what was typed, and says how much of it is lost if it does not. */
  async #deliver(keyboard: Keyboard, delivered: Promise<unknown>): Promise<void> {
    const { note } = this.#options;
    note('[handing over what was typed; ctrl-c drops the rest]');
    const interrupted = new Promise<void>((resolve) => this.#on('SIGINT', resolve));
    const isDone = Promise.race([delivered, interrupted]).then(() => true);
    for (let left = Number.POSITIVE_INFINITY; keyboard.undeliveredBytes < left; ) {
      left = keyboard.undeliveredBytes;
      if (await Promise.race([isDone, this.#after(DELIVERY_MS)])) break;
    }
    const lost = keyboard.undeliveredBytes;
    if (lost > 0) note(`holdfast: the last ${lost} bytes that were typed are lost: nobody has taken them`);
    this.#stopListening();
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.reactor.after(ms, resolve));
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
      onData: (bytes, offset) => this.#isLeaving || this.#pump.onData(bytes, offset),
      onAnswering: this.#pump.onAnswering,
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

  #typeInto(input: Input | undefined): void {
    if (!input && !this.#isKeyboard) return;
    if (this.#isLeaving) return this.#keyboard?.connect(input);
    this.#isTyping = input !== undefined;
    // Programs repaint on it: what was replayed is rarely the whole of their screen.
    if (input && this.#options.from === 'newest' && this.#isScreen) this.#signal('SIGWINCH');
    this.#keyboard?.connect(input);
    this.#keyboard?.read();
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
      if (this.#isTyping && this.#isScreen) this.#signal('SIGWINCH');
    });
    const forwarded = this.#options.signals === 'forward' ? FORWARDED : [];
    for (const signal of forwarded) this.#on(signal, () => this.#signal(signal));
    for (const signal of LEAVING) {
      if (forwarded.includes(signal)) continue;
      // The exit handler restores the terminal.
      this.#on(signal, () => {
        this.#tellUndelivered();
        process.exit(128 + SIGNAL_NUMBERS[signal as keyof typeof SIGNAL_NUMBERS]);
      });
    }
  }

  /** Who ends this process waits for nobody; a terminal that is still there is told what that cost. */
  #tellUndelivered(): void {
    const lost = this.#keyboard?.undeliveredBytes ?? 0;
    if (lost === 0) return;
    this.#guard.restore();
    this.#options.note(`holdfast: the last ${lost} bytes that were typed are lost: nobody has taken them`);
  }

  #stopListening(): void {
    for (const [signal, handler] of this.#handlers.splice(0)) process.off(signal, handler);
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
