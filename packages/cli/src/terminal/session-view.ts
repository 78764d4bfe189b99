import type { Client, Input, ScreenStart, ScreenView, Subscription } from '@holdfast/client';
import { close, isErrno, isTerminal, type Reactor, reopenNonBlocking, type Timer } from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS, type Session } from '@holdfast/protocol';
import { gapLine } from '../output/gap-line.ts';
import { incompleteLine } from '../output/incomplete-line.ts';
import type { PrefixKey } from './detach-keys.ts';
import type { Ending } from './ending.ts';
import { FdWriter } from './fd-writer.ts';
import { Keyboard } from './keyboard.ts';
import { OutputPump } from './output-pump.ts';
import { makeRoom, startOver } from './prelude.ts';
import { TerminalGuard } from './terminal-guard.ts';
import { TerminalModes } from './terminal-modes.ts';
import { viewport } from './viewport.ts';

export interface ViewOptions {
  readonly client: Client;
  readonly reactor: Reactor;
  readonly session: Session;
  readonly env: NodeJS.ProcessEnv;
  readonly prefix: PrefixKey | undefined;
  /** Neither types nor leads. */
  readonly readOnly: boolean;
  /** Where a terminal begins: with what the session shows, or with the first byte of its output. */
  readonly begin: 'screen' | 'output';
  /** What to do with signals that are meant for a program in the foreground. */
  readonly signals: 'leave' | 'forward';
  /** A line for people, to stderr, while the view goes on. */
  readonly note: (text: string) => void;
}

/** An answer takes a fraction of it; a daemon that hangs must not keep the user. */
const LEAVE_MS = 500;
/** How long the program may take nothing of what has been typed before the rest is given up. */
const DELIVERY_MS = 2_000;
/** A daemon that was killed is back sooner: nothing needs to be said. */
const SHORT_OUTAGE_MS = 1_500;
const LEAVING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'];
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

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
  readonly #modes = new TerminalModes();
  readonly #guard: TerminalGuard;
  /** Undefined if stdin is of no use. */
  readonly #keyboard: Keyboard | undefined;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];
  #end: (ending: Ending) => void = () => undefined;
  /** A terminal has the session's screen, anything else its output. */
  #view: ScreenView | undefined;
  #subscription: Subscription | undefined;
  #leaseTimer: { cancel(): void } | undefined;
  #lastOutputByte = NEWLINE;
  /** All output has come; some of it may still have to be written. */
  #hasExited = false;
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
        onInputLost: () => {
          if (options.client.state === 'closed') return false;
          void this.#openAnotherInput();
          return true;
        },
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
      .then(() => Promise.all([this.#view?.close(), this.#subscription?.close(), keyboard?.release()]));
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
    const { client, session, env, readOnly, begin } = this.#options;
    const { SSH_AUTH_SOCK, HOLDFAST_SESSION } = env;
    const options = {
      ...(SSH_AUTH_SOCK && !readOnly ? { sshAuthSock: SSH_AUTH_SOCK } : {}),
      ...(HOLDFAST_SESSION ? { inside: HOLDFAST_SESSION } : {}),
      onData: (bytes: Uint8Array, offset: number) => this.#isLeaving || this.#pump.onData(bytes, offset),
      onExited: ({ exit }: { exit: Exit }) => {
        this.#hasExited = true;
        void this.#pump.whenIdle().then(() => this.#end({ kind: 'exited', exit }));
      },
      onLost: (error: HoldfastError) => this.#end({ kind: 'lost', error }),
    };
    if (this.#isScreen) {
      const onScreen = (start: ScreenStart) => this.#isLeaving || this.#beginScreen(start);
      const { onAnswering, onPassed } = this.#pump;
      const view = { ...options, onScreen, onAnswering, onPassed, begin, readOnly, viewport: viewport(1) };
      this.#view = await client.view(session.id, { ...view, format: 'paint' });
      this.#pump.bind(this.#view);
    } else {
      this.#subscription = await client.subscribe(session.id, {
        ...options,
        from: 'start',
        mode: 'exact',
        onGap: (gap) => {
          this.#pump.onGap(gap);
          this.#options.note(gapLine(gap));
        },
      });
      this.#pump.bind(this.#subscription);
      this.#keepLease();
    }
  }

  /** What comes before the output: room for the session's screen, and the screen. */
  #beginScreen(start: ScreenStart): boolean {
    const { offset, snapshot, isReset, isBehind } = start;
    const title = this.#guard.keepTitle();
    const isWhole = !isReset && snapshot === undefined && offset === 0;
    if (isWhole) return this.#pump.begin({ room: title, screen: NOTHING, offset });
    const line = start.failure
      ? `holdfast: the screen can't be made, and may be incomplete: ${start.failure.message}`
      : incompleteLine(start.incomplete);
    const size = viewport(1);
    let room: string;
    if (isReset && !isBehind && !snapshot) {
      // What is shown is not complete, but better than nothing.
      room = `${title}\r\n[${line}]\r\n`;
    } else if (isReset) {
      // Behind what ends a sequence that is half written.
      room = startOver(this.#modes, size) + title;
      this.#modes.clear();
    } else room = title + (line === undefined ? '' : `\r[${line}]\r\n`) + makeRoom(size);
    if (isBehind && !snapshot)
      room += `[holdfast: this terminal fell behind; output that was skipped is not shown]\r\n`;
    // A program that has the whole screen repaints it; so does a shell's prompt.
    const isExact =
      snapshot?.incomplete.length === 0 && snapshot.cols === size.cols && snapshot.rows === size.rows;
    if (!isExact) this.#repaint();
    const isWritten = this.#pump.begin({ room, screen: snapshot?.bytes ?? NOTHING, offset });
    if (snapshot?.cursor.x === 0) this.#lastOutputByte = NEWLINE;
    return isWritten;
  }

  #repaint(): void {
    if (!this.#options.readOnly && this.#options.session.state === 'running') this.#signal('SIGWINCH');
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

  /** Others have typed so much that the session knows ours no more. */
  async #openAnotherInput(): Promise<void> {
    try {
      this.#keyboard?.connect(await this.#openInput());
    } catch (error) {
      this.#keyboard?.connect(undefined);
      // For these the view ends, too, and tells it.
      const code = error instanceof HoldfastError ? error.code : 'E_INTERNAL';
      if (code === 'E_NO_SESSION' || code === 'E_DISCONNECTED') return;
      this.#say(`nothing can be typed any more: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #typeInto(input: Input | undefined): void {
    if (!input && !this.#isKeyboard) return;
    if (this.#isLeaving) return this.#keyboard?.connect(input);
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
      this.#view?.setViewport(viewport(1));
    });
    this.#on('SIGTSTP', () => {
      this.#guard.restore();
      process.kill(process.pid, 'SIGSTOP');
    });
    this.#on('SIGCONT', () => {
      this.#guard.enter();
      this.#view?.setViewport(viewport(1));
      // What the shell has written meanwhile is not the session's.
      this.#view?.refresh();
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
