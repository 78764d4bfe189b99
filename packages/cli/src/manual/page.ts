import { type CommandTable, GLOBAL_OPTIONS, type Options } from '../command-table.ts';
import { EXIT } from '../output/exit-codes.ts';
import { capitalized, hasColumns, optionSpelling, usageParts } from '../output/help.ts';
import { ENVIRONMENT } from './environment.ts';
import { troff, unbroken } from './troff.ts';

const EXIT_MEANS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'failed',
  usage: 'wrong usage',
  noSession: 'no such session, or the given beginning of an id fits several',
  noDaemon: 'no daemon could be reached or started, or the connection to it was lost',
  timedOut: 'timed out',
  interrupted: 'ended by Ctrl-C (tail, events, logs, export, play)',
  unread: 'run: nobody reads the output any more, and the program goes on',
  statusLost: "run and wait: the session's status is lost",
};

/** The manual page holdfast(1), made from the commands' tables. */
export function manualPage(commands: readonly CommandTable[], version: string): string {
  const lines = [
    // Without a date: the same sources make the same page.
    `.TH HOLDFAST 1 "" "Holdfast ${version}" "Holdfast"`,
    '.ad l',
    '.nh',
    // One space between sentences, wherever the source breaks its lines.
    '.ss 12 0',
    '.SH NAME',
    'holdfast \\- terminal sessions that outlive their viewers, their host, and the upgrade of their own daemon',
    '.SH SYNOPSIS',
    usage('holdfast', ['[--namespace NAME | --host HOST]', 'COMMAND', '[…]']),
    '.br',
    usage('holdfast', ['help', '[COMMAND]']),
    '.br',
    usage('holdfast', ['--version']),
    '.SH DESCRIPTION',
    troff(
      'A session is one program on one pseudo-terminal. A daemon owns the terminals and records what the',
    ),
    troff(
      'programs write; whatever shows a session or types into it is a client that may come and go. The first',
    ),
    troff('command that needs a daemon starts it.'),
    '.PP',
    troff(
      'S is a session: its id, a unique beginning of it, or its name. Without a command, what to do next is',
    ),
    troff('told, and what runs.'),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH OPTIONS OF ALL COMMANDS',
    ...optionRows(GLOBAL_OPTIONS),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT).flatMap(([name, code]) =>
      row(String(code), capitalized(EXIT_MEANS[name as keyof typeof EXIT])),
    ),
    '.PP',
    troff(
      "run, and wait without a condition, exit with the program's own code, or 128 and the number of the",
    ),
    troff('signal that killed it.'),
    '.SH ENVIRONMENT',
    ...Object.entries(ENVIRONMENT).flatMap(([name, means]) => row(name, means)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandSection(command: CommandTable): string[] {
  return [
    `.SS ${troff(command.name)}`,
    usage(`holdfast ${command.name}`, usageParts(command)),
    '.PP',
    `${troff(capitalized(command.summary))}.`,
    ...Object.entries(command.operands).flatMap(([name, { summary }]) => row(name, summary)),
    ...optionRows(command.options),
    ...(command.details ? ['.PP', ...command.details.flatMap(detailLines)] : []),
  ];
}

/** Lines of a text are filled; one with columns of its own stays as it is. */
function detailLines(detail: string): string[] {
  return hasColumns(detail) ? ['.nf', troff(detail), '.fi'] : [troff(detail)];
}

function usage(name: string, parts: readonly string[]): string {
  return [`\\fB${troff(name)}\\fR`, ...parts.map(unbroken)].join(' ');
}

function optionRows(options: Options): string[] {
  return Object.entries(options).flatMap(([name, option]) =>
    row(optionSpelling(name, option), option.summary),
  );
}

function row(left: string, right: string): string[] {
  return ['.TP', `\\fB${troff(left)}\\fR`, troff(right)];
}
