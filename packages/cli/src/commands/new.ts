import { DETACH_KEY_OPTION, OPEN_OPTIONS } from '../arguments/open-option-table.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';

export const newCommand = defineCommand({
  name: 'new',
  summary: 'open a session, and attach to it',
  cannot: "can't open a session",
  operands: {},
  options: {
    detached: { kind: 'flag', short: 'd', summary: 'do not attach; print the id' },
    ...OPEN_OPTIONS,
    ...DETACH_KEY_OPTION,
    json: { kind: 'flag', summary: 'do not attach; print the session as JSON' },
  },
  program: 'optional',
  details: ['Without CMD: $SHELL as a login shell. Detach with ctrl-] d; the session goes on running.'],
  async run({ options, program }, context) {
    const [{ chosenPrefixKey }, { openRequest }, { openAndAttach, openDetached }] = await Promise.all([
      import('../arguments/detach-key.ts'),
      import('../arguments/open-options.ts'),
      import('../connection/open.ts'),
    ]);
    const prefix = chosenPrefixKey(options['detach-key'], context.env);
    const request = openRequest(options, program, context.env);
    if (!options.detached && !options.json) return openAndAttach(context, request, prefix);
    const session = await openDetached(context, request);
    context.print(options.json ? jsonLine(session) : `${session.id}\n`);
    return EXIT.done;
  },
});
