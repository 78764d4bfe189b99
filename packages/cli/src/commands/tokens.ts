import { type TokenRecord, Tokens } from '@holdfast/host/tokens';
import { HoldfastError } from '@holdfast/protocol';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { formatAge } from '../output/age.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { layOutTable } from '../output/table.ts';

const ACTIONS = ['list', 'revoke'] as const;

export const tokensCommand = defineCommand({
  name: 'tokens',
  summary: 'list the tokens of the host service, or revoke some',
  cannot: "can't look after tokens",
  operands: {
    ACTION: { required: false, summary: `${ACTIONS.join(' or ')}; default list`, complete: ACTIONS },
    ID: { required: false, repeated: true, summary: 'of the tokens to revoke' },
  },
  options: { json: { kind: 'flag', summary: 'print a JSON array' } },
  async run({ options, operands }, context) {
    const tokens = new Tokens(context.home);
    const { ACTION = 'list', ID: ids } = operands;
    if (ACTION === 'list' && ids.length === 0) {
      context.print(
        options.json ? jsonLine(tokens.list().map(shown)) : table(tokens.list(), context.columns),
      );
      return EXIT.done;
    }
    if (ACTION !== 'revoke' || ids.length === 0)
      throw usageError('tokens is followed by nothing, by list, or by revoke ID…');
    for (const id of ids) {
      if (!tokens.revoke(id)) throw new HoldfastError('E_BAD_REQUEST', `there is no token ${id}`);
    }
    return EXIT.done;
  },
});

/** Without the hash, which is of no use to anybody. */
function shown({ id, kind, createdAt, expiresAt, share, parent }: TokenRecord) {
  return { id, kind, createdAt, expiresAt, share, parent };
}

const COLUMNS = ['ID', 'FOR', 'SESSION', 'AGE', 'ENDS IN'].map((title) => ({ title }));

function table(records: readonly TokenRecord[], columns: number | undefined): string {
  const rows = records.map(({ id, kind, share, createdAt, expiresAt }) => [
    id,
    kind,
    share?.session ?? 'all',
    formatAge(Date.now() - Date.parse(createdAt)),
    expiresAt === null ? 'never' : formatAge(Date.parse(expiresAt) - Date.now()),
  ]);
  return layOutTable(COLUMNS, rows, columns);
}
