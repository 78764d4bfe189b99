import type { WebSocket } from 'ws';
import { type HostMessage, WINDOW_BYTES } from './messages.ts';

/** A close reason must fit into a control frame. */
const REASON_BYTES = 120;

/** What is written to one page. A page that acknowledges and does not read must not fill the memory either. */
export class PageSocket {
  /** Called when it takes more again, after `isFull` was true. */
  onDrain: () => void = () => {};
  readonly #socket: WebSocket;
  #wasFull = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** More waits to be sent than a page may have unacknowledged. */
  get isFull(): boolean {
    this.#wasFull ||= this.#socket.bufferedAmount >= WINDOW_BYTES;
    return this.#wasFull;
  }

  say(message: HostMessage): void {
    this.#write(JSON.stringify(message), false);
  }

  /** A message as JSON in UTF-8, which others may get as well. */
  encoded(message: Buffer): void {
    this.#write(message, false);
  }

  /** The frame is not changed any more by anybody. */
  data(frame: Buffer): void {
    this.#write(frame, true);
  }

  /** Closes it; what was written before goes out first, as far as the page takes it. */
  close(code: number, reason = ''): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.close(
      code,
      Buffer.from(reason)
        .subarray(0, REASON_BYTES)
        .toString()
        .replace(/\uFFFD$/, ''),
    );
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #write(data: string | Buffer, binary: boolean): void {
    if (!this.isOpen) return;
    this.#socket.send(data, { binary, compress: false }, () => {
      if (!this.#wasFull || this.#socket.bufferedAmount >= WINDOW_BYTES / 2) return;
      this.#wasFull = false;
      this.onDrain();
    });
  }
}
