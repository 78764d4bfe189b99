import type { CommandTable, Operand, Operands, Option, Options } from './command-table.ts';
import type { Context } from './context.ts';
import type { Failure } from './output/errors.ts';

type OptionValue<Kind extends Option['kind']> = Kind extends 'flag'
  ? boolean
  : Kind extends 'values'
    ? readonly string[]
    : string | undefined;
type OperandValue<P extends Operand> = P extends { readonly repeated: true }
  ? readonly string[]
  : P extends { readonly required: true }
    ? string
    : P extends { readonly required: false }
      ? string | undefined
      : string | readonly string[] | undefined;

/** A command line that was parsed by its command's table. */
export interface Invocation<O extends Options, P extends Operands> {
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]['kind']> };
  readonly operands: { readonly [K in keyof P]: OperandValue<P[K]> };
  /** The program and its arguments, of a command that takes some. */
  readonly program: readonly string[];
}

/** A command: its table, and what it does. */
export interface Command<O extends Options = Options, P extends Operands = Operands>
  extends CommandTable<O, P> {
  /** Returns the exit code. */
  run(invocation: Invocation<O, P>, context: Context): Promise<number>;
  /** What it prints under `--json` when it fails; without this, `{"error":…}`. */
  readonly failureDocument?: (failure: Failure) => unknown;
}

/** Lets TypeScript infer the types of options and operands from the table. */
export function defineCommand<const O extends Options, const P extends Operands>(
  command: Command<O, P>,
): Command<O, P> {
  return command;
}
