import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';

export const forgetCommand = defineCommand({
  name: 'forget',
  summary: 'drop an exited session and its history',
  cannot: "can't forget",
  operands: { S: SESSION_OPERAND },
  options: {},
  async run({ operands }, context) {
    await withSession(context, operands.S, (client) => client.request('forget', { session: operands.S }));
    return EXIT.done;
  },
});
