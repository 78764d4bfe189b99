import type { Msg } from '@nats-io/transport-node';

/**
 * Answers to what is asked go there, and whoever may listen there may do nothing else with that permission: inboxes, and what the
 * servers make of one where who asks is in another account.
 */
const INBOXES = ['_INBOX.', '_R_.'];

/** What the servers add where a message goes from one account to another. */
const FROM_ELSEWHERE = 'Nats-Request-Info';

/**
 * Whether one who may publish to its subject has published it, as far as can be told. Who may only ask the servers for what they
 * keep can name any subject for the answer, and write what is kept: but to that, the servers put headers.
 */
function isPublished({ headers }: Msg): boolean {
  return headers === undefined || headers.keys().every((key) => key === FROM_ELSEWHERE);
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
  const { reply = '' } = message;
  return isPublished(message) && INBOXES.some((inbox) => reply.startsWith(inbox));
}
