import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';

export const restoreCommand = defineCommand({
  name: 'restore',
  summary: 'start the programs of sessions anew that have ended, after a reboot',
  cannot: "can't restore",
  elsewhere: 'daemon',
  operands: { S: { ...SESSION_OPERAND, required: false, repeated: true } },
  options: {
    all: {
      kind: 'flag',
      summary: 'restore all sessions that were lost: with the machine, or with daemon and keeper',
    },
    json: { kind: 'flag', summary: 'print a JSON array of the sessions' },
  },
  details: [
    'Same command, folder, name and id; what it had printed stays above. The environment is that of this command;',
    "with --host, that of the machine's serve, as for new.",
    'Without S and --all: lists the sessions that were lost.',
  ],
  async run({ options, operands }, context) {
    if (options.all && operands.S.length > 0) throw usageError('S and --all exclude each other');
    const { listLost, restoreLost, restoreSessions } = await import('../connection/restore-sessions.ts');
    if (options.all) return restoreLost(context, options);
    if (operands.S.length > 0) return restoreSessions(context, operands.S, options);
    return listLost(context, options);
  },
});
