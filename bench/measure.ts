import type { Reactor } from '@holdfast/posix';
import type { Options } from './options.ts';
import type { Scope } from './scope.ts';

/** What a measure gets to work with. */
export interface Bench {
  readonly options: Options;
  readonly reactor: Reactor;
  /** Ends whatever the measure has started. */
  readonly scope: Scope;
  /** A folder of its own, with a path short enough for sockets. */
  readonly folder: string;
  /** Tells what is being done, on stderr. */
  readonly progress: (text: string) => void;
}

/** One row of figures, by column; the columns of a table are those of its first row. */
export type Row = Readonly<Record<string, string | number>>;

/** What a figure has to be, and what it is; undefined if it could not be measured. */
export interface Goal {
  readonly text: string;
  readonly is: 'at least' | 'at most';
  readonly limit: number;
  readonly value: number | undefined;
}

/** Some figures of one kind, to be drawn. */
export interface Chart {
  /** That of its file. */
  readonly name: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

export interface Outcome {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  readonly charts?: readonly Chart[];
}

export interface Measure {
  readonly name: string;
  /** What the figures are, in one line. */
  readonly title: string;
  run(bench: Bench): Promise<Outcome>;
}
