import { type CommandTable, type Completion, GLOBAL_OPTIONS, type Option } from '../command-table.ts';
import { quoted } from '../output/shell-word.ts';
import { LIST_HOSTS, listNames } from './list-names.ts';

/** The script for bash. Behind `--`, or the first word of a program, bash completes as it does anywhere else. */
export function bashScript(commands: readonly CommandTable[]): string {
  return `# bash completion for holdfast
_holdfast_sessions() { ${listNames('"${where[@]}"')}; }
_holdfast_hosts() { ${LIST_HOSTS}; }
_holdfast_words() {
  # Not compgen -W, which would expand a session's name as the shell does: it could hold a command.
  local word
  while IFS= read -r word; do
    [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done <<<"$1"
}
_holdfast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= at operands=0 where=()
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      --namespace|--host) where=("\${COMP_WORDS[at]}" "\${COMP_WORDS[++at]}") ;;
      --) COMPREPLY=($(compgen -c -f -- "$cur")); return ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=\${COMP_WORDS[at]}; else ((operands++)); fi ;;
    esac
  done
  case $prev in
    --host) _holdfast_words "$(_holdfast_hosts)"; return ;;
    --namespace) return ;;
  esac
  case $command in
    '') _holdfast_words ${lines([...commands.map(({ name }) => name), 'help', '--namespace', '--host', '--help', '--version'])} ;;
    help) _holdfast_words ${lines(commands.map(({ name }) => name))} ;;
${commands.map(commandCase).join('\n')}
  esac
}
complete -F _holdfast holdfast
`;
}

function commandCase(command: CommandTable): string {
  const options = Object.entries<Option>({ ...command.options, ...GLOBAL_OPTIONS });
  const valued = options.filter(([, { kind }]) => kind !== 'flag');
  const values = valued.map(([name, { complete }]) => `        --${name}) ${offer(complete)}; return ;;`);
  const operands = Object.values(command.operands).map(
    ({ complete, repeated }, index) => `          ${repeated ? '*' : index}) ${offer(complete)} ;;`,
  );
  return `    ${command.name})
      case $prev in
${values.join('\n')}
      esac
      if [[ $cur == -* ]]; then
        _holdfast_words ${lines(options.map(([name]) => `--${name}`))}
      else
        case $operands in
${operands.join('\n')}
          *) ${command.program ? offer('command') : ':'} ;;
        esac
      fi ;;`;
}

function offer(complete: Completion | undefined): string {
  switch (complete) {
    case undefined:
      return ':';
    case 'session':
      return '_holdfast_words "$(_holdfast_sessions)"';
    case 'host':
      return '_holdfast_words "$(_holdfast_hosts)"';
    case 'folder':
      return 'COMPREPLY=($(compgen -d -- "$cur"))';
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$cur"))';
    case 'command':
      return 'COMPREPLY=($(compgen -c -- "$cur"))';
    default:
      return `_holdfast_words ${lines(complete)}`;
  }
}

function lines(words: readonly string[]): string {
  return `$${quoted(words.join('\\n'))}`;
}
