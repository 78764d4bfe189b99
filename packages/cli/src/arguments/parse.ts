import { parseArgs } from 'node:util';
import type { Command, Invocation } from '../command.ts';
import { GLOBAL_OPTIONS, type Operands, type Option, type Options } from '../command-table.ts';
import { closest } from './closest.ts';
import { usageError } from './usage-error.ts';

export interface ParsedCommandLine {
  readonly invocation: Invocation<Options, Operands>;
  readonly namespace: string | undefined;
  readonly host: string | undefined;
  readonly help: boolean;
}

/** Parses what follows the command's name, by the command's table. Throws HoldfastError(E_USAGE). */
export function parseCommandLine(command: Command, argv: readonly string[]): ParsedCommandLine {
  const options: Options = { ...command.options, ...GLOBAL_OPTIONS };
  const flags = new Set<string>();
  const texts = new Map<string, string[]>();
  const words: string[] = [];
  let program: readonly string[] = [];

  for (const token of tokenize(options, argv)) {
    if (token.kind === 'option-terminator') {
      if (!command.program) continue;
      program = argv.slice(token.index + 1);
      break;
    }
    if (token.kind === 'positional') {
      if (command.program && words.length === Object.keys(command.operands).length) {
        program = argv.slice(token.index);
        break;
      }
      words.push(token.value);
      continue;
    }
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) throw unknownOption(token.rawName, options);
    if (option.kind === 'flag') {
      if (token.value !== undefined) throw usageError(`${token.rawName} takes no value`);
      flags.add(token.name);
    } else {
      const value = checkedValue(token, options, option);
      texts.set(token.name, [...(texts.get(token.name) ?? []), value]);
    }
  }

  const help = flags.has('help');
  if (!help) checkOperands(command, { words, program });
  return {
    invocation: {
      options: Object.fromEntries(
        Object.entries(command.options).map(([name, { kind }]) => {
          const given = texts.get(name);
          return [
            name,
            kind === 'flag' ? flags.has(name) : kind === 'values' ? (given ?? []) : given?.at(-1),
          ];
        }),
      ),
      operands: Object.fromEntries(
        Object.entries(command.operands).map(([name, { repeated }], index) => [
          name,
          repeated ? words.slice(index) : words[index],
        ]),
      ),
      program,
    },
    namespace: texts.get('namespace')?.at(-1),
    host: texts.get('host')?.at(-1),
    help,
  };
}

/** The command line in the terms of node:util; it decides nothing here, so that every message is ours. */
function tokenize(options: Options, argv: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), ...(short ? { short } : {}) },
    ]),
  );
  return parseArgs({ args: [...argv], options: config, strict: false, allowPositionals: true, tokens: true })
    .tokens;
}

function checkedValue(
  token: { rawName: string; value: string | undefined; inlineValue: boolean | undefined },
  options: Options,
  option: Option,
): string {
  const { rawName, value, inlineValue } = token;
  // `--name --json`: a forgotten value, not a session called "--json". A number with a minus is refused where it is read.
  const isOption = value?.startsWith('--') && Object.hasOwn(options, value.slice(2));
  if (value === undefined || (isOption && !inlineValue)) {
    throw usageError(`${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}`);
  }
  return value;
}

function unknownOption(rawName: string, options: Options): Error {
  const meant = closest(rawName.replace(/^--?/, ''), Object.keys(options));
  return usageError(`there is no option ${rawName}${meant ? `; did you mean --${meant}?` : ''}`);
}

function checkOperands(
  command: Command,
  given: { words: readonly string[]; program: readonly string[] },
): void {
  const names = Object.keys(command.operands);
  for (const [index, name] of names.entries()) {
    const isMissing = command.operands[name]?.required && given.words[index] === undefined;
    if (isMissing) throw usageError(`${name} is missing (${command.operands[name]?.summary})`);
  }
  const takesAll = Object.values(command.operands).at(-1)?.repeated ?? false;
  const extra = given.words[names.length];
  if (extra !== undefined && !takesAll) {
    const hint = names.length > 0 ? ' (a text with spaces goes in quotes)' : '';
    throw usageError(`"${extra}" is one argument too many${hint}`);
  }
  if (command.program === 'required' && given.program.length === 0) {
    throw usageError(`the program is missing: holdfast ${command.name} -- CMD ARG…`);
  }
}
