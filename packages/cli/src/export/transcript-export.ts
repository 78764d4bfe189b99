import type { Session } from '@holdfast/protocol';
import type { Transcript, TranscriptFormat } from '@holdfast/screen';
import { TimedOutput, type Timeline } from '../recording/timed-output.ts';
import type { Exporter } from './exporter.ts';

/** Makes a text of what a terminal has shown: all lines that have left the screen, and the screen. */
export class TranscriptExport implements Exporter {
  readonly #transcript: Transcript;
  readonly #output: TimedOutput;

  constructor(
    program: { readonly Transcript: typeof Transcript },
    format: TranscriptFormat,
    { session, timeline }: { readonly session: Session; readonly timeline: Timeline },
  ) {
    const { historyStart: offset, cols, rows } = session;
    this.#output = new TimedOutput(timeline, { offset, timeMs: 0, cols, rows });
    this.#transcript = new program.Transcript(format, { ...this.#output.size, title: session.name });
  }

  begin(): string {
    return this.#transcript.begin();
  }

  output(bytes: Uint8Array, offset: number): string {
    let text = '';
    for (const { bytes: piece, resized } of this.#output.cut(bytes, offset))
      text += resized ? this.#transcript.resize(resized) : this.#transcript.push(piece);
    return text;
  }

  gap(): string {
    return '';
  }

  end(): string {
    return this.#transcript.end();
  }
}
