import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { parseSignal } from '../arguments/signals.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';

export const killCommand = defineCommand({
  name: 'kill',
  summary: 'end a session: hang up, then its whole process tree by force',
  cannot: "can't kill",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND },
  options: {
    signal: {
      kind: 'value',
      value: 'SIG',
      summary: 'only send this signal to what runs in the foreground',
      complete: ['HUP', 'INT', 'QUIT', 'KILL', 'TERM', 'STOP', 'CONT', 'USR1', 'USR2', 'WINCH'],
    },
  },
  details: [
    'SIG is a name, with or without SIG in front, or a number. Returns when the session has exited, or the',
    'signal is sent.',
  ],
  async run({ options, operands }, context) {
    const session = operands.S;
    const signal = options.signal === undefined ? undefined : parseSignal('--signal', options.signal);
    await withSession(context, session, async (client) => {
      if (signal !== undefined) await client.request('signal', { session, signal });
      else await client.request('kill', { session }, { timeoutMs: null });
    });
    return EXIT.done;
  },
});
