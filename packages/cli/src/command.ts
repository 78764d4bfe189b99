import type { Context } from './context.ts';

/** What the shell offers at a place of the command line. */
export type Completion = 'session' | 'folder' | 'command' | readonly string[];

/** `flag` is there or not; `value` takes one text, the last one counts; `values` may be repeated. */
export interface Option {
  readonly kind: 'flag' | 'value' | 'values';
  readonly summary: string;
  /** One letter, for `-x`. */
  readonly short?: string;
  /** What the value is called in help; required unless it is a flag. */
  readonly value?: string;
  readonly complete?: Completion;
}

/** An argument without a dash. Required ones come first. */
export interface Operand {
  readonly required: boolean;
  readonly summary: string;
  readonly complete?: Completion;
}

export type Options = Readonly<Record<string, Option>>;
export type Operands = Readonly<Record<string, Operand>>;

type OptionValue<Kind extends Option['kind']> = Kind extends 'flag'
  ? boolean
  : Kind extends 'values'
    ? readonly string[]
    : string | undefined;
type OperandValue<P extends Operand> = P['required'] extends true ? string : string | undefined;

/** A command line that was parsed by its command's table. */
export interface Invocation<O extends Options, P extends Operands> {
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]['kind']> };
  readonly operands: { readonly [K in keyof P]: OperandValue<P[K]> };
  /** The program and its arguments, of a command that takes some. */
  readonly program: readonly string[];
}

/** One command: parsing, help and completion are made from this table, and nothing else. */
export interface Command<O extends Options = Options, P extends Operands = Operands> {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** How its errors begin: "can't send". */
  readonly cannot: string;
  /** Keys are the names that help shows, in the order of the command line. */
  readonly operands: P;
  /** Keys are the long names, without dashes. */
  readonly options: O;
  /** Whether a program and its arguments may follow, after `--` or as the first operand. */
  readonly program?: 'optional' | 'required';
  /** More lines for `--help`. */
  readonly details?: readonly string[];
  /** Returns the exit code. */
  run(invocation: Invocation<O, P>, context: Context): Promise<number>;
}

/** Lets TypeScript infer the types of options and operands from the table. */
export function defineCommand<const O extends Options, const P extends Operands>(
  command: Command<O, P>,
): Command<O, P> {
  return command;
}

/** Options that every command takes, and that may also stand before it. */
export const GLOBAL_OPTIONS = {
  namespace: {
    kind: 'value',
    value: 'NAME',
    summary: 'use the daemon of this namespace (HOLDFAST_NAMESPACE)',
  },
  help: { kind: 'flag', short: 'h', summary: 'show help' },
} as const satisfies Options;
