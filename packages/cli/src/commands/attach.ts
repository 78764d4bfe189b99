import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { DETACH_KEY_OPTION } from '../arguments/open-option-table.ts';
import { defineCommand } from '../command.ts';

export const attachCommand = defineCommand({
  name: 'attach',
  summary: 'see a session in this terminal and type into it',
  cannot: "can't attach",
  elsewhere: 'daemon',
  operands: {
    S: { ...SESSION_OPERAND, required: false, summary: `${SESSION_OPERAND.summary} (default: the newest)` },
  },
  options: {
    'read-only': { kind: 'flag', summary: 'only watch: type nothing, do not set the size' },
    ...DETACH_KEY_OPTION,
  },
  details: [
    'Detach with ctrl-] d; the session goes on running. ctrl-] ctrl-] types one ctrl-].',
    'Without any session, a new one is opened.',
  ],
  async run({ options, operands }, context) {
    const [{ chosenPrefixKey }, { attachOrOpen }] = await Promise.all([
      import('../arguments/detach-key.ts'),
      import('../connection/attach-or-open.ts'),
    ]);
    const prefix = chosenPrefixKey(options['detach-key'], context.env);
    return attachOrOpen(context, { ref: operands.S, readOnly: options['read-only'], prefix });
  },
});
