import { parseSize } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';

export const resizeCommand = defineCommand({
  name: 'resize',
  summary: "set the size of a session's terminal",
  cannot: "can't resize",
  elsewhere: 'daemon',
  operands: {
    S: SESSION_OPERAND,
    CxR: { required: true, summary: 'columns x rows, like 80x24' },
  },
  options: {},
  async run({ operands }, context) {
    const size = parseSize('CxR', operands.CxR);
    await withSession(context, operands.S, (client) =>
      client.request('resize', { session: operands.S, ...size }),
    );
    return EXIT.done;
  },
});
