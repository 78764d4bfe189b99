import { LIMITS } from '@holdfast/protocol';
import { parseCount } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';

const MS_PER_SECOND = 1000;

export const tailCommand = defineCommand({
  name: 'tail',
  summary: "write a session's output to stdout, byte for byte",
  cannot: "can't follow the output",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND },
  options: {
    from: {
      kind: 'value',
      value: 'OFFSET|start|now',
      summary: 'first byte to write (default: start, the oldest that is kept)',
      complete: ['start', 'now'],
    },
    follow: { kind: 'flag', short: 'f', summary: 'go on until the session has exited' },
    lease: {
      kind: 'value',
      value: 'SECONDS',
      summary: 'how long the program may be held back for a stdout that takes nothing (default: 5)',
    },
  },
  details: [
    'Bytes that are no longer in the history are reported as one line on stderr, with their offsets.',
    'Without --follow it ends at the end of the output as it is now.',
  ],
  async run({ options, operands }, context) {
    const { from = 'start', lease } = options;
    const first =
      from === 'start' || from === 'now' ? from : parseCount('--from', from, { words: ['start', 'now'] });
    const bounds = { max: LIMITS.leaseMsMax / MS_PER_SECOND };
    const leaseMs = lease === undefined ? undefined : parseCount('--lease', lease, bounds) * MS_PER_SECOND;
    const { tailSession } = await import('../connection/tail-session.ts');
    return tailSession(context, { ref: operands.S, from: first, follow: options.follow, leaseMs });
  },
});
