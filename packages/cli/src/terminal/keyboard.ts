import type { Input } from '@holdfast/client';
import { close, type Reactor, reopenNonBlocking } from '@holdfast/posix';
import { HoldfastError, LIMITS } from '@holdfast/protocol';
import { DetachKeys, type PrefixKey } from './detach-keys.ts';
import { FdReader } from './fd-reader.ts';

/** A key report comes in one piece; when it was cut, the rest is there long before. */
const KEY_REPORT_MS = 50;
/** Typed bytes that wait; the keyboard is read no further then, detach keys included. A person never gets here. */
const TYPED_BYTES_MAX = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface KeyboardOptions {
  readonly reactor: Reactor;
  /** Whether stdin is a terminal: only then does it have detach keys, and its end means that it has gone. */
  readonly isTerminal: boolean;
  readonly prefix: PrefixKey | undefined;
  readonly onDetach: () => void;
  /** The terminal has gone. */
  readonly onGone: () => void;
  /** The input that this was connected to is over. True if there will be another: what is typed waits for it. */
  readonly onInputLost: () => boolean;
  /** A line for people. */
  readonly say: (text: string) => void;
}

/**
 * Stdin, on its way to a session. A terminal may be read before the session takes anything: what was typed ahead waits for
 * `connect`, and the detach keys are found meanwhile.
 */
export class Keyboard {
  readonly #options: KeyboardOptions;
  readonly #fd = reopenNonBlocking(0, 'read');
  readonly #keys: DetachKeys;
  /** Typed before there was an input for it. */
  #ahead: Uint8Array[] = [];
  #aheadBytes = 0;
  #state: 'ahead' | 'connected' | 'deaf' = 'ahead';
  #input: Input | undefined;
  #reader: FdReader | undefined;
  #flushTimer: { cancel(): void } | undefined;
  #lastByte = NEWLINE;
  #isLeaving = false;
  /** There is no more to read, and the program is to be told. */
  #hasEnded = false;

  constructor(options: KeyboardOptions) {
    this.#options = options;
    this.#keys = new DetachKeys(options.isTerminal ? options.prefix : undefined);
  }

  /** Begins to read, if that has not begun. */
  read(): void {
    this.#reader ??= new FdReader(this.#options.reactor, this.#fd, {
      onData: (bytes) => this.#read(bytes),
      onEnd: (error) => this.#ended(error),
    });
  }

  /** Types into this from now on, beginning with what was typed ahead; undefined if nobody takes what is typed. */
  connect(input: Input | undefined): void {
    const ahead = this.#ahead;
    this.#ahead = [];
    this.#aheadBytes = 0;
    this.#input = input;
    this.#state = input ? 'connected' : 'deaf';
    if (input) input.onDrain = () => this.#reader?.resume();
    for (const bytes of ahead) this.#type(bytes);
    if (this.#hasEnded) this.#endInput();
    if (!this.#isFull()) this.#reader?.resume();
  }

  /** Reads no more. */
  stop(): void {
    this.#flushTimer?.cancel();
    this.#reader?.close();
  }

  /** Typed bytes that would be lost if this process ended now. */
  get undeliveredBytes(): number {
    return this.#aheadBytes + (this.#input?.unsentBytes ?? 0);
  }

  /** Bytes read that are neither for the session nor can be put back for the shell. */
  get bytesBehindDetachKeys(): number {
    return this.#keys.bytesBehind;
  }

  /** Lets go of the session when the daemon has got all that was typed; that reaches the program without us. */
  release(): Promise<void> {
    this.#isLeaving = true;
    return this.#input?.release() ?? Promise.resolve();
  }

  dispose(): void {
    this.stop();
    close(this.#fd);
  }

  #read(bytes: Uint8Array): void {
    this.#flushTimer?.cancel();
    this.#take(this.#keys.push(bytes));
    if (this.#keys.isDetached) {
      this.stop();
      this.#options.onDetach();
    } else if (this.#keys.isWaiting) {
      this.#flushTimer = this.#options.reactor.after(KEY_REPORT_MS, () => this.#take(this.#keys.flush()));
    }
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#state === 'deaf') return;
    if (this.#state === 'connected') this.#type(bytes);
    // A copy, which `slice` of a Buffer is not: the chunk is only valid during the call.
    else this.#keepAhead(new Uint8Array(bytes));
    if (this.#isFull()) this.#reader?.pause();
  }

  #type(bytes: Uint8Array): void {
    this.#lastByte = bytes.at(-1) ?? NEWLINE;
    const input = this.#input;
    if (!input) return;
    // A copy: the chunk is only valid during the call.
    const typed = new Uint8Array(bytes);
    input.write(typed).catch((error: HoldfastError) => this.#refused(input, typed, error));
  }

  /** Why it failed is told by the subscription, which ends or is lost for the same reason; but where only the input is not known any more. */
  #refused(input: Input, bytes: Uint8Array, error: HoldfastError): void {
    if (this.#isLeaving) return;
    if (error.code === 'E_INPUT_UNKNOWN') return this.#options.say(error.message);
    // None of it was typed, and none will be.
    if (error.code !== 'E_DISCONNECTED') return;
    if (this.#waitsForAnother(input)) this.#keepAhead(bytes);
  }

  /** Whether there will be another input instead of this one, or is already. */
  #waitsForAnother(input: Input): boolean {
    if (this.#input !== input) return this.#state !== 'deaf';
    if (!this.#options.onInputLost()) return false;
    this.#input = undefined;
    this.#state = 'ahead';
    return true;
  }

  #keepAhead(bytes: Uint8Array): void {
    this.#ahead.push(bytes);
    this.#aheadBytes += bytes.length;
  }

  #isFull(): boolean {
    const limit = this.#options.isTerminal ? TYPED_BYTES_MAX : LIMITS.inputWindowBytes;
    return this.#aheadBytes + (this.#input?.bufferedBytes ?? 0) > limit;
  }

  #ended(error: Error | undefined): void {
    if (error) this.#options.say(`stdin can't be read: ${error.message}`);
    if (this.#options.isTerminal) return this.#options.onGone();
    this.#hasEnded = true;
    this.#endInput();
  }

  #endInput(): void {
    const input = this.#input;
    input?.end({ midLine: this.#lastByte !== NEWLINE }).catch((error: HoldfastError) => {
      if (error.code === 'E_DISCONNECTED' && !this.#isLeaving) this.#waitsForAnother(input);
    });
  }
}
