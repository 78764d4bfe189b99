// Sequences at which xterm.js 6.0 fails, or takes as long and as much memory as a program likes. A terminal without and one with these
// guards show the same, but for links that xterm.js forgets while they are seen, and what it remembers behind a resize. For headless
// and page alike: neither is imported here.
import { keepLinks, type LinkedCore } from './links.ts';
import { type ResizedCore, resizeWhatIsSeen } from './resizing.ts';

/** What is read of xterm.js behind its public interface for this. */
export interface GuardedCore extends LinkedCore, ResizedCore {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: LinkedCore['buffers'] & {
    readonly active: {
      readonly x: number;
      readonly y: number;
      readonly ybase: number;
      readonly lines: { get(index: number): { getString(column: number): string } | undefined };
    };
  };
  readonly _inputHandler: LinkedCore['_inputHandler'] & {
    readonly _parser: {
      precedingJoinState: number;
      /** What a handler changes in `params` counts for those that were registered before. */
      registerCsiHandler(
        id: { readonly prefix?: string; readonly intermediates?: string; readonly final: string },
        handler: (parameters: { readonly params: Int32Array | number[]; readonly length: number }) => boolean,
      ): void;
    };
  };
}

/** Code points of a cell that a repetition of it may fill a whole screen with; a cell may have any number. */
const REPEATED_CODE_POINTS = 4;

export function guardSequences(core: GuardedCore): void {
  keepLinks(core);
  resizeWhatIsSeen(core);
  const parser = core._inputHandler._parser;
  /** Lets the first parameter be another. */
  const adjust = (id: { prefix?: string; final: string }, to: (parameter: number) => number) =>
    parser.registerCsiHandler(id, ({ params }) => {
      params[0] = to(params[0] ?? 0);
      return false;
    });

  for (const id of [{ final: 'J' }, { prefix: '?', final: 'J' }]) adjust(id, (what) => erased(core, what));
  // Each is done one by one. IL, DL, SU, SD: nothing is left to be moved after as many as there are rows.
  for (const final of ['L', 'M', 'S', 'T']) adjust({ final }, (count) => Math.min(count, core.rows));
  // CHT, CBT: as many stops as there are columns.
  for (const final of ['I', 'Z']) adjust({ final }, (count) => Math.min(count, core.cols));
  // REP, for which memory is taken at once.
  adjust({ final: 'b' }, (count) => repetitions(core, count));
}

/**
 * From the last cell of a screen without scrollback, "erase above" throws: it looks for a line below the last. Everything is erased then,
 * which can be done under another number.
 */
function erased({ cols, buffers }: GuardedCore, what: number): number {
  const { x, y, lines } = buffers.active;
  return what === 1 && x + 1 >= cols && !lines.get(y + 1) ? 2 : what;
}

/**
 * So many that the screen is full of it, one row has scrolled out, and the cursor stands in the column in which it would: from then on each
 * full row leaves the screen as it was. Only lines above the screen are fewer; xterm and VTE repeat no more than a screen either.
 */
function repetitions({ cols, rows, buffers, _inputHandler }: GuardedCore, count: number): number {
  const width = Math.max(1, (_inputHandler._parser.precedingJoinState >> 1) & 3);
  const enough = cols * (rows + 1);
  const perRow = Math.max(1, Math.floor(cols / width));
  const alike = count <= enough ? count : enough + ((count - enough) % perRow);
  const { x, y, ybase, lines } = buffers.active;
  const length = lines.get(ybase + y)?.getString(x - width).length ?? 0;
  const most = Math.floor((REPEATED_CODE_POINTS * enough) / Math.max(1, length));
  return Math.min(alike, Math.max(1, most));
}
