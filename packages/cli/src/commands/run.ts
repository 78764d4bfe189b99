import { OPEN_OPTIONS } from '../arguments/open-option-table.ts';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';

export const runCommand = defineCommand({
  name: 'run',
  summary: 'run a program in a session of its own, and exit with its status',
  cannot: "can't run",
  elsewhere: 'daemon',
  operands: {},
  options: {
    ...OPEN_OPTIONS,
    wait: {
      kind: 'flag',
      summary: 'do not show the session; wait until it has exited, and exit with its status',
    },
    timeout: {
      kind: 'value',
      value: 'MS',
      summary: 'with --wait: give up after so long, with exit code 124',
    },
  },
  program: 'required',
  details: [
    'Output, input and signals pass through. If this terminal closes, or after ctrl-] d, the program goes on running:',
    'holdfast attach shows it again, holdfast wait waits for its status.',
    'With --wait and --json: the document of holdfast wait --json, once it has exited.',
  ],
  async run({ options, program }, context) {
    const [{ chosenPrefixKey }, { requestToOpen }, { openDetached }, { runInSession }] = await Promise.all([
      import('../arguments/detach-key.ts'),
      import('../connection/request-to-open.ts'),
      import('../connection/open.ts'),
      import('../connection/run-in-session.ts'),
    ]);
    const prefix = chosenPrefixKey(options['detach-key'], context.env);
    const request = await requestToOpen(context, options, program);
    if (options.wait) {
      if (options.detached) throw usageError('--wait and --detached exclude each other');
      const { runAndWait } = await import('../connection/run-and-wait.ts');
      const { timeout, json } = options;
      const timeoutMs = timeout === undefined ? undefined : parseMilliseconds('--timeout', timeout);
      return runAndWait(context, request, { json, timeoutMs });
    }
    if (options.timeout !== undefined) throw usageError('--timeout belongs to --wait');
    if (options.detached || options.json) return openDetached(context, request, options);
    return runInSession(context, request, prefix);
  },
});
