import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { Refusal } from './refusal.ts';

/** What to do next, by code. */
const HINTS: Partial<Record<string, string>> = {
  E_BAD_REQUEST: 'Give otherwise what the message names; the schema of the tool says what it may be.',
  E_INTERNAL:
    'This is a fault in Holdfast. Look with terminal_list at what is so before you try again; `holdfast logs` tells a person more.',
  E_NO_SESSION: 'terminal_list names the terminals that there are.',
  E_AMBIGUOUS: 'Give more of the id, as terminal_list shows it.',
  E_NAME_TAKEN:
    'Choose another name, or leave it out. terminal_kill with forget frees the name of one that has exited.',
  E_BAD_NAME: 'Leave the name out, or use letters, digits and dashes.',
  E_EXITED:
    'The program has ended: terminal_read shows what it has printed, terminal_new opens another terminal.',
  E_RUNNING: 'It still runs: terminal_kill ends it.',
  E_OFFSET: 'The output ends before: read with what "output" and without from, and go on at its next.',
  E_CWD: 'Give a cwd that exists, as an absolute path.',
  E_COMMAND_NOT_FOUND:
    'command is a list: the program, and each argument by itself. A line for a shell is ["sh", "-c", "…"].',
  E_COMMAND_NOT_EXECUTABLE: 'It is no program. A script without the right to be run: ["sh", "script.sh"].',
  E_INPUT_UNKNOWN:
    'Look with terminal_read whether it has arrived before you type it again: it may have, as a whole or in part.',
  E_LIMIT: 'terminal_kill terminals that are not needed any more, with forget.',
  E_DISCONNECTED:
    'The daemon was lost in the middle. It is started again by itself: look with terminal_list at what is so, then try again.',
  E_NO_DAEMON:
    'No daemon could be reached. Try again in some seconds; `holdfast doctor` tells a person what is wrong.',
  E_HELD: 'Programs run on, but the daemon has crashed too often. A person has to run `holdfast resume`.',
  E_TIMEOUT: 'The daemon did not answer in time. Try again.',
  E_DAEMON_START: 'A person should run `holdfast doctor`.',
  E_DISK: 'The disk is full, or the history too large: give a smaller historyBytes.',
};

/** A failure as an agent can use it: a code, what could not be done, and what to do next. */
export function failureResult(error: unknown): CallToolResult {
  const { code, message } = described(error);
  const hint = error instanceof Refusal ? error.hint : HINTS[code];
  const lines = [`${code}: ${message}`, ...(hint === undefined ? [] : [hint])];
  return { isError: true, content: [{ type: 'text', text: lines.join('\n') }] };
}

/** The command line's bundle has a class of its own for what has a code. */
function described(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'E_INTERNAL', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'E_INTERNAL';
  return { code, message: error.message };
}
