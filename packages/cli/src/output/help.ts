import { type CommandTable, GLOBAL_OPTIONS, type Option } from '../command-table.ts';

/** Everything is broken to fit the narrowest terminal that is common. */
const COLUMNS = 80;

/** Everything `holdfast COMMAND --help` says. */
export function commandHelp(command: CommandTable): string {
  const operands = Object.entries(command.operands).map(([name, { summary }]) => [name, summary] as const);
  const options = Object.entries({ ...command.options, ...GLOBAL_OPTIONS }).map(
    ([name, option]) => [optionSpelling(name, option), option.summary] as const,
  );
  const sections = [
    broken(`usage: holdfast ${command.name}`, usageParts(command)),
    filled([`${capitalized(command.summary)}.`]),
    ...(operands.length > 0 ? [rows(operands)] : []),
    rows(options),
    ...(command.details ? [filled(command.details)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The overview of all commands. */
export function overviewHelp(commands: readonly CommandTable[]): string {
  const list = commands.map((command) => [command.name, command.summary] as const);
  return (
    [
      'usage: holdfast [--namespace NAME | --host HOST] COMMAND …',
      rows(list),
      'S is a session: its id, a unique beginning of it, or its name.',
      'holdfast COMMAND --help tells about one; holdfast --version tells the version.',
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** What follows the command's name: `S [--from OFFSET|start|now] …`. A part is never broken. */
export function usageParts(command: CommandTable): string[] {
  const parts: string[] = [];
  for (const [name, { required, repeated }] of Object.entries(command.operands))
    parts.push(operandUsage(`${name}${repeated ? '…' : ''}`, required));
  for (const [name, option] of Object.entries(command.options)) {
    parts.push(`[${optionUsage(name, option)}]${option.kind === 'values' ? '…' : ''}`);
  }
  if (command.program === 'required') parts.push('-- CMD [ARG…]');
  if (command.program === 'optional') parts.push('[-- CMD [ARG…]]');
  return parts;
}

/** Puts as many parts on a line as it takes; further lines begin below the first part, or where `indent` says. */
function broken(first: string, parts: readonly string[], indent = first.length + 1): string {
  const lines = [first];
  for (const part of parts) {
    const longer = `${lines.at(-1)} ${part}`;
    if (longer.length > COLUMNS) lines.push(' '.repeat(indent) + part);
    else lines[lines.length - 1] = longer;
  }
  return lines.join('\n');
}

function operandUsage(name: string, required: boolean): string {
  return required ? name : `[${name}]`;
}

function optionUsage(name: string, { short, value }: Option): string {
  const spelling = short ? `-${short}` : `--${name}`;
  return value ? `${spelling} ${value}` : spelling;
}

/** `-d, --detached`, `--name N`. */
export function optionSpelling(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => broken(`  ${left.padEnd(width)} `, right.split(' '))).join('\n');
}

/** Lines are filled; one with columns of its own stays as it is. */
function filled(text: readonly string[]): string {
  const lines: string[] = [];
  let words: string[] = [];
  const fill = () => {
    const [first, ...others] = words;
    if (first !== undefined) lines.push(broken(first, others, 0));
    words = [];
  };
  for (const line of text) {
    if (!hasColumns(line)) {
      words.push(...line.split(' '));
      continue;
    }
    fill();
    lines.push(line);
  }
  fill();
  return lines.join('\n');
}

/** Whether a line is laid out in columns, and not one of a text that may be filled. */
export function hasColumns(line: string): boolean {
  return / {2}/.test(line);
}

export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
