/** What the shell offers at a place of the command line. */
export type Completion = 'session' | 'host' | 'folder' | 'file' | 'command' | readonly string[];

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

/** An argument without a dash. Required ones come first. Only the last may be repeated. */
export interface Operand {
  readonly required: boolean;
  readonly repeated?: boolean;
  readonly summary: string;
  readonly complete?: Completion;
}

export type Options = Readonly<Record<string, Option>>;
export type Operands = Readonly<Record<string, Operand>>;

/** One command: parsing, help and completion are made from this table, and nothing else. */
export interface CommandTable<O extends Options = Options, P extends Operands = Operands> {
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
  /**
   * Whether `--host` may go with it: `daemon`, it talks to the daemon there as if it were here; `host`, it asks the service there.
   */
  readonly elsewhere?: 'daemon' | 'host';
  /** Why `--host` may not go with it, where somebody would expect it to. */
  readonly hereOnly?: string;
  /** More lines for `--help`. */
  readonly details?: readonly string[];
}

/** Options that every command takes, and that may also stand before it. */
export const GLOBAL_OPTIONS = {
  namespace: {
    kind: 'value',
    value: 'NAME',
    summary: 'use the daemon of this namespace (HOLDFAST_NAMESPACE)',
  },
  host: {
    kind: 'value',
    value: 'HOST',
    summary: 'do it on this host of the fleet (HOLDFAST_FLEET)',
    complete: 'host',
  },
  help: { kind: 'flag', short: 'h', summary: 'show help' },
} as const satisfies Options;
