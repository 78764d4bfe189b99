import type { Session } from '@holdfast/protocol';
import { exitCodeOfSession } from '../output/exit-codes.ts';
import { shellWord } from '../output/shell-word.ts';
import { type CastVersion, CastWriter } from '../recording/cast-writer.ts';
import { TimedOutput, type TimedPiece, type Timeline } from '../recording/timed-output.ts';
import type { Exporter } from './exporter.ts';

/** Makes a recording: what was written, when, and for which size. */
export class CastExport implements Exporter {
  readonly #version: CastVersion;
  readonly #writer: CastWriter;
  readonly #session: Session;
  readonly #output: TimedOutput;
  readonly #beganMs: number;
  // A character that is cut between two pieces is in the second one.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #atMs = 0;

  constructor(version: CastVersion, session: Session, timeline: Timeline) {
    this.#version = version;
    this.#writer = new CastWriter(version);
    this.#session = session;
    const { historyStart: offset, cols, rows } = session;
    this.#beganMs = beginning(session, timeline);
    this.#output = new TimedOutput(timeline, { offset, timeMs: this.#beganMs, cols, rows });
  }

  begin(): string {
    const { name, command } = this.#session;
    const told = { title: name, command: command.map(shellWord).join(' ') };
    return this.#writer.header({ ...this.#output.size, beganMs: this.#beganMs, ...told });
  }

  output(bytes: Uint8Array, offset: number): string {
    return this.#lines(this.#output.cut(bytes, offset));
  }

  gap(label: string): string {
    return this.#writer.event(this.#atMs, 'm', label);
  }

  end(): string {
    const { exit, exitedAt } = this.#session;
    const last = this.#text(this.#decoder.decode()) + this.#lines(this.#output.end(this.#session.offset));
    // The second version can't tell how a program ended.
    if (this.#version === 2 || exit === null || exitedAt === null || 'lost' in exit) return last;
    return (
      last + this.#writer.event(Date.parse(exitedAt) - this.#beganMs, 'x', String(exitCodeOfSession(exit)))
    );
  }

  #lines(pieces: Iterable<TimedPiece>): string {
    let lines = '';
    for (const { timeMs, bytes, resized } of pieces) {
      this.#atMs = timeMs - this.#beganMs;
      if (resized) lines += this.#writer.event(this.#atMs, 'r', `${resized.cols}x${resized.rows}`);
      else lines += this.#text(this.#decoder.decode(bytes, { stream: true }));
    }
    return lines;
  }

  #text(text: string): string {
    return text === '' ? '' : this.#writer.event(this.#atMs, 'o', text);
  }
}

/** When the first byte was written that is kept, as far as anybody knows. */
function beginning({ historyStart, createdAt }: Session, { times }: Timeline): number {
  const createdMs = Date.parse(createdAt);
  if (historyStart === 0) return createdMs;
  const known = times.findLast(([offset]) => offset <= historyStart) ?? times[0];
  return known ? known[1] : createdMs;
}
