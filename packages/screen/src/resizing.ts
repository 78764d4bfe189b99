interface Line {
  readonly length: number;
  resize(cols: number, fill: unknown): unknown;
  getWidth(column: number): number;
  setCellFromCodepoint(column: number, code: number, width: number, pen: { fg: number; bg: number }): void;
}

interface ResizedBuffer {
  readonly ybase: number;
  savedX: number;
  savedY: number;
  readonly lines: { readonly length: number; maxLength: number; get(index: number): Line | undefined };
}

/** What is read of xterm.js behind its public interface for this. */
export interface ResizedCore {
  readonly cols: number;
  readonly rows: number;
  readonly _bufferService: {
    readonly buffers: { readonly normal: ResizedBuffer; readonly alt: ResizedBuffer };
    resize(cols: number, rows: number): void;
  };
  /** What the next character may join, or be repeated from. */
  readonly _inputHandler: { readonly _parser: { precedingJoinState: number } };
}

/** Lets a resize depend on nothing that a terminal has out of sight, for nothing that is written to another one brings it there. */
export function resizeWhatIsSeen(core: ResizedCore): void {
  const service = core._bufferService;
  const resize = service.resize.bind(service);
  service.resize = (cols, rows) => {
    const { normal, alt } = service.buffers;
    for (const buffer of [normal, alt]) keepSavedCursorInside(buffer, core);
    resize(cols, rows);
    // Lines are laid out anew: the character that was printed last need not be the one before the cursor any more.
    core._inputHandler._parser.precedingJoinState = 0;
    // The smaller screen may have left it outside.
    for (const buffer of [normal, alt]) keepSavedCursorInside(buffer, { cols, rows });
    cutColumns(alt, cols);
    keepOneScreen(alt, rows);
  };
}

/** A saved cursor that has left the screen would be restored at its edge; after a resize, xterm.js would restore it elsewhere. */
function keepSavedCursorInside(
  buffer: ResizedBuffer,
  { cols, rows }: { readonly cols: number; readonly rows: number },
): void {
  buffer.savedX = Math.min(buffer.savedX, cols - 1);
  buffer.savedY = Math.min(Math.max(buffer.savedY, buffer.ybase), buffer.ybase + rows - 1);
}

/** Of the alternate buffer, xterm.js keeps the columns that were cut off, and moves them in again with the cells beside them. */
function cutColumns({ lines }: ResizedBuffer, cols: number): void {
  for (let row = 0; row < lines.length; row += 1) {
    const line = lines.get(row);
    if (!line || line.length <= cols) continue;
    line.resize(cols, undefined);
    // Half a wide character is none.
    if (line.getWidth(cols - 1) === 2) line.setCellFromCodepoint(cols - 1, 0, 1, { fg: 0, bg: 0 });
  }
}

/** The alternate buffer is empty while it is hidden; xterm.js lets it keep the rows that it could have before, as if they were scrollback. */
function keepOneScreen({ lines }: ResizedBuffer, rows: number): void {
  if (lines.length === 0) lines.maxLength = rows;
}
