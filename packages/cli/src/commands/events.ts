import { netConnector } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning, whyNone } from '../connection/connect.ts';
import { Cursor } from '../events/cursor.ts';
import { eventLine } from '../events/event-line.ts';
import { type SessionEvent, SessionEvents } from '../events/session-events.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

/** Growing output is told later to a reader that has so much to read. */
const CONGESTED_BYTES = 1024 * 1024;

export const eventsCommand = defineCommand({
  name: 'events',
  summary: 'tell what happens to sessions, as it happens',
  cannot: "can't tell events",
  elsewhere: 'daemon',
  operands: {
    S: {
      required: false,
      repeated: true,
      complete: 'session',
      summary: 'only these sessions: ids, or names as they are when something happens',
    },
  },
  options: {
    since: {
      kind: 'value',
      value: 'CURSOR',
      summary: 'first what was opened and has exited behind an event',
    },
    json: { kind: 'flag', summary: 'print one JSON document a line' },
  },
  details: [
    'Until Ctrl-C, or the daemon has stopped. The first line tells of all sessions as they are; growing output is told',
    'at most once a second for each. Each line has the offset of the output, and a cursor for --since.',
  ],
  async run({ options, operands }, context) {
    const since = options.since === undefined ? undefined : Cursor.parse(options.since);
    if (options.since !== undefined && !since)
      throw usageError(`--since must be a cursor of an earlier event, not "${options.since}"`);
    const meant = new Set(operands.S);
    const events = new SessionEvents(
      since,
      ({ id, name }) => meant.size === 0 || meant.has(id) || meant.has(name),
      () => new Date().toISOString(),
    );
    process.on('SIGINT', () => process.exit(EXIT.interrupted));
    const connector = netConnector(context.socketPath);
    const client = await connectIfRunning(context, { connector, reconnect: true });
    if (!client) throw new HoldfastError('E_NO_DAEMON', whyNone(context));
    const print = (told: SessionEvent[]) => {
      for (const event of told) context.print(options.json ? jsonLine(event) : eventLine(event));
    };
    const withOutput = () => process.stdout.writableLength < CONGESTED_BYTES;
    await new Promise<never>((_, reject) => {
      client
        .watch({
          onSessions: (sessions) => print(events.all(sessions)),
          onSession: (session) => print(events.one(session, { withOutput: withOutput() })),
          onForgotten: (id) => print(events.forgotten(id)),
          onLost: reject,
        })
        .catch(reject);
    });
    return EXIT.failed;
  },
});
