import { OPEN_OPTIONS } from '../arguments/open-option-table.ts';
import { defineCommand } from '../command.ts';

export const newCommand = defineCommand({
  name: 'new',
  summary: 'open a session, and attach to it',
  cannot: "can't open a session",
  elsewhere: 'daemon',
  operands: {},
  options: OPEN_OPTIONS,
  program: 'optional',
  details: ['Without CMD: $SHELL as a login shell. Detach with ctrl-] d; the session goes on running.'],
  async run({ options, program }, context) {
    const [{ chosenPrefixKey }, { requestToOpen }, { openAndAttach, openDetached }] = await Promise.all([
      import('../arguments/detach-key.ts'),
      import('../connection/request-to-open.ts'),
      import('../connection/open.ts'),
    ]);
    const prefix = chosenPrefixKey(options['detach-key'], context.env);
    const request = await requestToOpen(context, options, program);
    if (options.detached || options.json) return openDetached(context, request, options);
    return openAndAttach(context, request, prefix);
  },
});
