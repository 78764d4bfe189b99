import type { Msg } from '@nats-io/transport-node';

/** Answers to what is asked go there, and whoever may listen there may do nothing else with that permission. */
const INBOX = '_INBOX.';

/**
 * Whether one who may publish to its subject has published it, as far as can be told. Who may only ask the servers for what they
 * keep can name any subject for the answer, and write what is kept: but to that, the servers put a header.
 */
function isPublished(message: Msg): boolean {
  return message.headers === undefined;
}

/** Whether it may belong to a tunnel: what the servers deliver of a stream has no header, but a subject to acknowledge it at. */
export function isTunnelMessage(message: Msg): boolean {
  return isPublished(message) && !message.reply;
}

/**
 * Whether it is a question, to whose subject for the answer we may publish. It is published with our permissions, so another
 * subject would make us do what whoever asks may not.
 */
export function isAsked(message: Msg): boolean {
  return isPublished(message) && message.reply?.startsWith(INBOX) === true;
}
