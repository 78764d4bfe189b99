import { type CommandTable, GLOBAL_OPTIONS, type Option } from '../command-table.ts';

/** Everything `holdfast COMMAND --help` says. */
export function commandHelp(command: CommandTable): string {
  const operands = Object.entries(command.operands).map(([name, { summary }]) => [name, summary] as const);
  const options = Object.entries({ ...command.options, ...GLOBAL_OPTIONS }).map(
    ([name, option]) => [optionSpelling(name, option), option.summary] as const,
  );
  const sections = [
    `usage: ${commandUsage(command)}`,
    `${capitalized(command.summary)}.`,
    ...(operands.length > 0 ? [rows(operands)] : []),
    rows(options),
    ...(command.details ? [command.details.join('\n')] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The overview of all commands. */
export function overviewHelp(commands: readonly CommandTable[]): string {
  const list = commands.map((command) => [command.name, command.summary] as const);
  return (
    [
      'usage: holdfast [--namespace NAME] COMMAND …',
      rows(list),
      'S is a session: its id, a unique beginning of it, or its name.',
      'holdfast COMMAND --help says more about one; holdfast --version tells the version.',
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** One line: `holdfast tail S [--from OFFSET|start|now] …`. */
function commandUsage(command: CommandTable): string {
  const parts = ['holdfast', command.name];
  for (const [name, { required, repeated }] of Object.entries(command.operands))
    parts.push(operandUsage(`${name}${repeated ? '…' : ''}`, required));
  for (const [name, option] of Object.entries(command.options)) {
    parts.push(`[${optionUsage(name, option)}]${option.kind === 'values' ? '…' : ''}`);
  }
  if (command.program === 'required') parts.push('-- CMD [ARG…]');
  if (command.program === 'optional') parts.push('[-- CMD [ARG…]]');
  return parts.join(' ');
}

function operandUsage(name: string, required: boolean): string {
  return required ? name : `[${name}]`;
}

function optionUsage(name: string, { short, value }: Option): string {
  const spelling = short ? `-${short}` : `--${name}`;
  return value ? `${spelling} ${value}` : spelling;
}

function optionSpelling(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
