import { MessageChannel, type ReceivedMessage } from '@holdfast/posix';
import { type HandoffMessage, parseHandoffMessage } from './messages.ts';

export type Received = ReceivedMessage<HandoffMessage>;

/** The socket between predecessor and successor. */
export class HandoffChannel extends MessageChannel<HandoffMessage, HandoffMessage> {
  constructor(fd: number) {
    super(fd, parseHandoffMessage);
  }
}
