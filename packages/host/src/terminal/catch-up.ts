import type { Client, Subscription } from '@holdfast/client';
import type { Exit } from '@holdfast/protocol';
import { dataFrame } from './messages.ts';

export interface CatchUpOptions {
  readonly client: Client;
  readonly session: string;
  readonly from: number;
  /** So much is sent beyond what was acknowledged, at most. */
  readonly windowBytes: number;
  readonly onData: (frame: Buffer, end: number) => void;
  readonly onResync: (offset: number) => void;
  readonly onResized: (resized: { offset: number; cols: number; rows: number }) => void;
  readonly onExited: (exited: { offset: number; exit: Exit }) => void;
  readonly onFailed: (error: unknown) => void;
}

/** A page's own subscription, from where it stands: the daemon keeps what the page has no room for. */
export class CatchUp {
  #subscription: Subscription | undefined;
  #acknowledged = 0;
  #isClosed = false;

  constructor({ client, session, from, windowBytes, ...on }: CatchUpOptions) {
    const opening = client.subscribe(session, {
      from,
      windowBytes,
      mode: 'viewer',
      readOnly: true,
      onData: (bytes, offset) => {
        if (!this.#isClosed) on.onData(dataFrame(offset, bytes), offset + bytes.length);
      },
      onResync: ({ offset }) => this.#isClosed || on.onResync(offset),
      onResized: (resized) => this.#isClosed || on.onResized(resized),
      onExited: (exited) => this.#isClosed || on.onExited(exited),
      onLost: on.onFailed,
    });
    opening.then(
      (subscription) => {
        this.#subscription = subscription;
        if (this.#isClosed) void subscription.close();
        else this.acknowledge(this.#acknowledged);
      },
      (error: unknown) => {
        if (!this.#isClosed) on.onFailed(error);
      },
    );
  }

  /** The page has everything before `offset`. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, offset);
    const { offset: sent = 0 } = this.#subscription ?? {};
    this.#subscription?.acknowledge(Math.min(this.#acknowledged, sent));
  }

  close(): void {
    this.#isClosed = true;
    void this.#subscription?.close();
  }
}
