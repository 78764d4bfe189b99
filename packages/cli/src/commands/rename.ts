import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';

export const renameCommand = defineCommand({
  name: 'rename',
  summary: 'give a session another name',
  cannot: "can't rename",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND, NAME: { required: true, summary: 'its new name' } },
  options: {},
  async run({ operands }, context) {
    await withSession(context, operands.S, (client) =>
      client.request('rename', { session: operands.S, name: operands.NAME }),
    );
    return EXIT.done;
  },
});
