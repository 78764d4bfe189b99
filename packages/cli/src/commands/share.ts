import { Tokens } from '@holdfast/host/tokens';
import { parseDuration } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectForSession } from '../connection/connect.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

const EXPIRES = '1h';

export const shareCommand = defineCommand({
  name: 'share',
  summary: 'make a token with which somebody can see one session',
  cannot: "can't share",
  operands: { S: SESSION_OPERAND },
  options: {
    'read-only': { kind: 'flag', summary: 'required: whoever has the token sees, and does nothing' },
    expires: {
      kind: 'value',
      value: 'TIME',
      summary: `when it ends: 90s, 30m, 12h, 7d; default ${EXPIRES}`,
    },
    json: { kind: 'flag', summary: 'print a JSON object' },
  },
  details: ['The token is for the host service (serve), behind # of its URL. It is shown once.'],
  async run({ options, operands }, context) {
    // A token with which somebody else may type would be a shell for him: it has to be asked for by another name.
    if (!options['read-only']) throw usageError('a session can only be shared to be seen: use --read-only');
    const expiresInMs = parseDuration('--expires', options.expires ?? EXPIRES);
    const client = await connectForSession(context, operands.S);
    try {
      const { session } = await client.request('get', { session: operands.S });
      const share = { namespace: context.home.namespace, session: session.id };
      const token = new Tokens(context.home).share(share, expiresInMs);
      const expiresAt = new Date(Date.now() + expiresInMs).toISOString();
      context.print(options.json ? jsonLine({ token, ...share, expiresAt }) : `${token}\n`);
      return EXIT.done;
    } finally {
      client.close();
    }
  },
});
