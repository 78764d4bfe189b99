import { createReadStream } from 'node:fs';
import { isTerminal, windowSize } from '@holdfast/posix';
import { QueryFilter } from '@holdfast/screen/queries';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { flushStreams, writeStdout } from '../output/standard-streams.ts';
import { type CastBeginning, CastReader } from '../recording/cast-reader.ts';
import { Player } from '../recording/player.ts';
import { playerKeys } from '../recording/player-keys.ts';
import { TerminalModes } from './terminal-modes.ts';
import { TerminalGuard } from './terminal-guard.ts';

/** ENQ, which some terminals answer, too: with their name. */
const ENQUIRY = '\x05';

export interface PlayOptions {
  /** `-`: stdin. */
  readonly file: string;
  readonly speed: number;
  readonly idleLimit: number | undefined;
}

/** Shows a recording in this terminal, and puts it back in the end. */
export async function playFile(context: Context, { file, speed, idleLimit }: PlayOptions): Promise<number> {
  const chunks: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
  const reader = new CastReader(chunks);
  const beginning = await about(file, reader.begin());
  tellSize(beginning, context);
  const modes = new TerminalModes();
  // Without a keyboard Ctrl-C is a signal.
  const keyboardFd = file !== '-' && isTerminal(0) ? 0 : undefined;
  const guard = new TerminalGuard({ keyboardFd, screenFd: isTerminal(1) ? 1 : undefined, modes });
  if (isTerminal(1)) writeStdout(Buffer.from(guard.keepTitle()));
  const shown = isTerminal(1) ? unasked() : (text: string) => Buffer.from(text);
  const show = (text: string): Promise<void> => {
    const bytes = shown(text);
    guard.touched();
    modes.push(bytes);
    writeStdout(bytes);
    return flushStreams();
  };
  const player = new Player(reader, { speed, idleLimit: idleLimit ?? beginning.idleLimit, show });
  endOnSignals();
  try {
    if (keyboardFd !== undefined) {
      guard.enter();
      process.stdin.on('data', (typed: Buffer) => {
        for (const key of playerKeys(typed.toString('latin1'))) player.key(key);
      });
    }
    const ending = await about(file, player.play());
    return ending === 'quit' ? EXIT.interrupted : EXIT.done;
  } finally {
    guard.dispose();
  }
}

/** A recording without what it asks its terminal: whoever reads the keyboard next would take the answers for typed. */
function unasked(): (text: string) => Uint8Array {
  const filter = new QueryFilter();
  return (text) => filter.push(Buffer.from(text.replaceAll(ENQUIRY, '')), Number.POSITIVE_INFINITY);
}

/** Says of which file something is that can't be read. */
async function about<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file === '-' ? 'stdin' : file}: ${why}`, { cause: error });
  }
}

function tellSize({ cols, rows }: CastBeginning, { note }: Context): void {
  if (!isTerminal(1)) return;
  const here = windowSize(1);
  if (here.cols >= cols && here.rows >= rows) return;
  note(`holdfast: the recording is ${cols}x${rows}, and this terminal is ${here.cols}x${here.rows}`);
}

function endOnSignals(): void {
  // The guard puts the terminal back on the way out.
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129));
}
