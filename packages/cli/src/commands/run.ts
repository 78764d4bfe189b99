import { OPEN_OPTIONS } from '../arguments/open-option-table.ts';
import { defineCommand } from '../command.ts';

export const runCommand = defineCommand({
  name: 'run',
  summary: 'run a program in a session of its own, and exit with its status',
  cannot: "can't run",
  operands: {},
  options: OPEN_OPTIONS,
  program: 'required',
  details: [
    'Output, input and signals pass through. If this terminal closes, or after ctrl-] d, the program goes on running:',
    'holdfast attach shows it again, holdfast wait waits for its status.',
  ],
  async run({ options, program }, context) {
    const [{ chosenPrefixKey }, { openRequest }, { openDetached }, { runInSession }] = await Promise.all([
      import('../arguments/detach-key.ts'),
      import('../arguments/open-options.ts'),
      import('../connection/open.ts'),
      import('../connection/run-in-session.ts'),
    ]);
    const prefix = chosenPrefixKey(options['detach-key'], context.env);
    const request = openRequest(options, program, context.env);
    if (options.detached || options.json) return openDetached(context, request, options);
    return runInSession(context, request, prefix);
  },
});
