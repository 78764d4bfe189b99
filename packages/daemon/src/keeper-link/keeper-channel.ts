import { MessageChannel, type ReceivedMessage } from '@holdfast/posix';
import { type FromKeeper, KEEPER_LIMITS, parseFromKeeper, type ToKeeper } from '@holdfast/protocol/keeper';

export type FromKeeperMessage = ReceivedMessage<FromKeeper>;

const LIMITS = {
  messageBytes: KEEPER_LIMITS.messageBytes,
  descriptors: KEEPER_LIMITS.descriptorsPerMessage,
};

/** The socket between a daemon and its keeper. */
export class KeeperChannel extends MessageChannel<ToKeeper, FromKeeper> {
  constructor(fd: number) {
    super(fd, parseFromKeeper, LIMITS);
  }
}
