import { type CommandTable, type Completion, GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { quoted } from '../output/shell-word.ts';
import { LIST_NAMES } from './list-names.ts';

/** The script for fish. */
export function fishScript(commands: readonly CommandTable[]): string {
  const names = commands.map(({ name }) => name);
  const rows = [
    '# fish completion for holdfast',
    `function __holdfast_sessions; ${LIST_NAMES}; end`,
    'complete -c holdfast -f',
    ...Object.entries<Option>(GLOBAL_OPTIONS).map(([name, option]) => optionRow(undefined, name, option)),
    "complete -c holdfast -n __fish_use_subcommand -l version -d 'show the version'",
    ...commands.map(
      ({ name, summary }) =>
        `complete -c holdfast -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`,
    ),
    `complete -c holdfast -n __fish_use_subcommand -a help -d 'show help'`,
    `complete -c holdfast -n '__fish_seen_subcommand_from help' -a ${quoted(names.join(' '))}`,
    ...commands.flatMap(commandRows),
  ];
  return `${rows.join('\n')}\n`;
}

function commandRows(command: CommandTable): string[] {
  const condition = `__fish_seen_subcommand_from ${command.name}`;
  const operand = Object.values(command.operands)[0]?.complete ?? (command.program ? 'command' : undefined);
  return [
    ...Object.entries<Option>(command.options).map(([name, option]) => optionRow(condition, name, option)),
    ...(operand ? [`complete -c holdfast -n ${quoted(condition)} ${offer(operand)}`] : []),
  ];
}

function optionRow(condition: string | undefined, name: string, option: Option): string {
  const { kind, short, summary, complete } = option;
  return [
    'complete -c holdfast',
    ...(condition ? [`-n ${quoted(condition)}`] : []),
    `-l ${name}`,
    ...(short ? [`-s ${short}`] : []),
    ...(kind === 'flag' ? [] : ['-r', ...(complete ? [offer(complete)] : [])]),
    `-d ${fishQuoted(summary)}`,
  ].join(' ');
}

function offer(complete: Completion): string {
  switch (complete) {
    case 'session':
      return "-a '(__holdfast_sessions)'";
    case 'folder':
      return "-a '(__fish_complete_directories)'";
    case 'file':
      return "-a '(__fish_complete_path)'";
    case 'command':
      return "-a '(__fish_complete_command)'";
    default:
      return `-a ${quoted(complete.join(' '))}`;
  }
}

/** fish knows backslashes in single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
