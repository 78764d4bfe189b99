import { MessageChannel, type ReceivedMessage } from '@holdfast/posix';
import {
  type FromKeeper,
  KEEPER_LIMITS,
  parseFromKeeper,
  type ToKeeper,
  UnknownMessageError,
} from '@holdfast/protocol/keeper';
import type { Log } from '../log.ts';

export type FromKeeperMessage = ReceivedMessage<FromKeeper>;

const LIMITS = {
  messageBytes: KEEPER_LIMITS.messageBytes,
  descriptors: KEEPER_LIMITS.descriptorsPerMessage,
};

/** The socket between a daemon and its keeper. */
export class KeeperChannel extends MessageChannel<ToKeeper, FromKeeper> {
  readonly #log: Log;

  constructor(fd: number, log: Log) {
    super(fd, parseFromKeeper, LIMITS);
    this.#log = log;
  }

  /** As MessageChannel; throws RangeError also for what the keeper would not read. */
  override trySend(message: ToKeeper, fds: readonly number[] = []): boolean {
    const bytes = Buffer.byteLength(JSON.stringify(message));
    if (bytes > LIMITS.messageBytes) throw new RangeError(`"${message.type}" has ${bytes} bytes`);
    return super.trySend(message, fds);
  }

  /** As MessageChannel; passes over what only a later keeper says. */
  override receive(): FromKeeperMessage | 'none' | 'end' {
    for (;;) {
      try {
        return super.receive();
      } catch (error) {
        if (!(error instanceof UnknownMessageError)) throw error;
        this.#log('keeper.unknown-message', { error: error.message });
      }
    }
  }
}
