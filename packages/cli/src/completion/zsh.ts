import { type CommandTable, type Completion, GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { quoted } from '../output/shell-word.ts';
import { LIST_HOSTS, listNames } from './list-names.ts';

/** The script for zsh; works both sourced and as a file `_holdfast` in the function path. */
export function zshScript(commands: readonly CommandTable[]): string {
  return `#compdef holdfast
_holdfast_sessions() {
  local -a names where
  local at
  for (( at = 1; at < \${#whole}; at++ )); do
    [[ \${whole[at]} == --(host|namespace) ]] && where=(\${whole[at]} \${whole[at+1]})
  done
  names=(\${(f)"$(${listNames('$where')})"})
  (( \${#names} )) && compadd -- $names
}
_holdfast_hosts() {
  local -a names
  names=(\${(f)"$(${LIST_HOSTS})"})
  (( \${#names} )) && compadd -- $names
}
_holdfast() {
  local curcontext=$curcontext state line
  local -a whole
  whole=($words) # Further down only what follows the command is left of it.
  typeset -A opt_args
  _arguments -C -A '-*' ${globalOptions().join(' ')} '--version[show the version]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${[...commands, { name: 'help', summary: 'show help' }].map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join('\n')}
        help) compadd ${commands.map(({ name }) => name).join(' ')} ;;
      esac ;;
  esac
}
if [[ $funcstack[1] == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`;
}

function commandCase(command: CommandTable): string {
  const options = Object.entries<Option>(command.options).flatMap(([name, option]) =>
    optionSpecs(name, option),
  );
  const operands = Object.entries(command.operands).map(([name, { required, repeated, complete }], index) => {
    const place = repeated ? '*' : `${index + 1}${required ? '' : ':'}`;
    return quoted(`${place}:${name}:${action(complete)}`);
  });
  const program = command.program ? [quoted(`*::program: _normal -p holdfast`)] : [];
  return `        ${command.name}) _arguments -S ${[...globalOptions(), ...options, ...operands, ...program].join(' ')} ;;`;
}

function globalOptions(): string[] {
  return Object.entries<Option>(GLOBAL_OPTIONS).flatMap(([name, option]) => optionSpecs(name, option));
}

function optionSpecs(name: string, { kind, short, summary, value, complete }: Option): string[] {
  const repeat = kind === 'values' ? '*' : '';
  const tail = `[${summary.replace(/[[\]:\\]/g, '\\$&')}]${kind === 'flag' ? '' : `:${(value ?? '').replaceAll(':', '\\:')}:${action(complete)}`}`;
  return [`--${name}`, ...(short ? [`-${short}`] : [])].map((spelling) =>
    quoted(`${repeat}${spelling}${tail}`),
  );
}

function action(complete: Completion | undefined): string {
  switch (complete) {
    case undefined:
      return ' ';
    case 'session':
      return '_holdfast_sessions';
    case 'host':
      return '_holdfast_hosts';
    case 'folder':
      return '_files -/';
    case 'file':
      return '_files';
    case 'command':
      return '_command_names';
    default:
      return `(${complete.join(' ')})`;
  }
}
