import { parseChoice } from '../arguments/choice.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';

const FORMATS = ['cast', 'txt', 'ansi', 'html'] as const;
const CAST_VERSIONS = ['2', '3'] as const;

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write all output of a session that is kept as a recording, a text, or a web page',
  cannot: "can't export",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND },
  options: {
    format: {
      kind: 'value',
      value: 'cast|txt|ansi|html',
      summary: 'a recording for asciinema and play (default), text, text with colours, or a web page',
      complete: FORMATS,
    },
    'cast-version': {
      kind: 'value',
      value: '2|3',
      summary: 'of the format asciicast: 2 (default), or 3, for asciinema 3 only',
      complete: CAST_VERSIONS,
    },
    output: {
      kind: 'value',
      short: 'o',
      value: 'FILE',
      summary: 'write to a file; it is there when it is whole',
      complete: 'file',
    },
    overwrite: { kind: 'flag', summary: 'replace the file if it is there' },
  },
  details: [
    'The session goes on meanwhile: what it writes from now on is not in it. Bytes that are no longer in the history are',
    'reported on stderr. A recording has times, sizes, and marks where bytes may be missing; the others have every line',
    'that has left the screen at its top, and then the screen.',
  ],
  async run({ options, operands }, context) {
    const { format: formatText = 'cast', 'cast-version': version, output: file, overwrite } = options;
    const format = parseChoice('--format', formatText, FORMATS);
    if (version !== undefined && format !== 'cast')
      throw usageError('--cast-version belongs to --format cast');
    const castVersion = parseChoice('--cast-version', version ?? '2', CAST_VERSIONS) === '2' ? 2 : 3;
    const { exportSession } = await import('../export/export-session.ts');
    return exportSession(context, { reference: operands.S, format, castVersion, file, overwrite });
  },
});
