import type { Client, Input } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';

export const sendCommand = defineCommand({
  name: 'send',
  summary: "type a text into a session's terminal",
  cannot: "can't send",
  elsewhere: 'daemon',
  operands: {
    S: SESSION_OPERAND,
    TEXT: { required: false, summary: 'what to type, as it is; after -- it may begin with a dash' },
  },
  options: {
    enter: { kind: 'flag', summary: 'press Enter at the end' },
    stdin: { kind: 'flag', summary: 'type the bytes that come on stdin, as they are' },
  },
  details: ["Returns when all of it has reached the program's terminal."],
  async run({ options, operands }, context) {
    const text = operands.TEXT;
    if (text !== undefined && options.stdin) throw usageError('TEXT and --stdin exclude each other');
    if (text === undefined && !options.stdin && !options.enter) {
      throw usageError('there is nothing to send: give TEXT, --stdin or --enter');
    }
    await withSession(context, operands.S, async (client) => {
      const input = await client.openInput(operands.S);
      if (options.stdin) await typeStdin(client, input);
      const rest = `${text ?? ''}${options.enter ? '\r' : ''}`;
      if (rest !== '') await input.write(Buffer.from(rest));
    });
    return EXIT.done;
  },
});

/** One piece is under way while the next is read, so that neither memory nor time is wasted. */
async function typeStdin(client: Client, input: Input): Promise<void> {
  // A session that ends while nothing comes on stdin ends the wait for more.
  const { id: session } = input.session;
  client.request('wait', { session }, { timeoutMs: null }).then(
    () => process.stdin.destroy(new HoldfastError('E_EXITED', 'the session has exited')),
    () => undefined, // Forgotten, or the connection is gone: a write tells.
  );
  let underWay: Promise<void> = Promise.resolve();
  for await (const chunk of process.stdin) {
    await underWay;
    underWay = input.write(chunk);
    underWay.catch((error: Error) => process.stdin.destroy(error));
  }
  await underWay;
}
