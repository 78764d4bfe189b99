import { type CommandTable, type Completion, GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { quoted } from '../output/shell-word.ts';
import { LIST_HOSTS, listNames } from './list-names.ts';

/** Prints what has been typed of `--host` and `--namespace`, a word a line. */
const WHERE = `function __holdfast_where
  set -l words (commandline -opc)
  for option in --host --namespace
    if set -l at (contains -i -- $option $words); and set -q words[(math $at + 1)]
      printf '%s\\n' $option $words[(math $at + 1)]
    end
  end
end`;

/** The script for fish. */
export function fishScript(commands: readonly CommandTable[]): string {
  const names = commands.map(({ name }) => name);
  const rows = [
    '# fish completion for holdfast',
    `function __holdfast_sessions; ${listNames('(__holdfast_where)')}; end`,
    `function __holdfast_hosts; ${LIST_HOSTS}; end`,
    WHERE,
    `function __holdfast_needs_command; not __fish_seen_subcommand_from ${names.join(' ')} help; end`,
    'complete -c holdfast -f',
    ...Object.entries<Option>(GLOBAL_OPTIONS).map(([name, option]) => optionRow(undefined, name, option)),
    "complete -c holdfast -n __holdfast_needs_command -l version -d 'show the version'",
    ...commands.map(
      ({ name, summary }) =>
        `complete -c holdfast -n __holdfast_needs_command -a ${name} -d ${fishQuoted(summary)}`,
    ),
    `complete -c holdfast -n __holdfast_needs_command -a help -d 'show help'`,
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
    ...(kind === 'flag' ? [] : ['-x', ...(complete ? [offer(complete)] : [])]),
    `-d ${fishQuoted(summary)}`,
  ].join(' ');
}

function offer(complete: Completion): string {
  switch (complete) {
    case 'session':
      return "-a '(__holdfast_sessions)'";
    case 'host':
      return "-a '(__holdfast_hosts)'";
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
