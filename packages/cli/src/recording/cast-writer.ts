/** The format of asciinema's recordings, https://docs.asciinema.org/manual/asciicast: a line of JSON each. */
export type CastVersion = 2 | 3;

export interface CastHeader {
  readonly cols: number;
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly beganMs: number;
  readonly title: string;
  readonly command: string;
}

/** `o` output, `r` the terminal's new size, `m` a mark with its label, `x` the exit status. */
export type CastCode = 'o' | 'r' | 'm' | 'x';

/** Makes the lines of a recording. */
export class CastWriter {
  readonly #version: CastVersion;
  /** Of the last event, since the beginning, as it was written. */
  #lastMs = 0;

  constructor(version: CastVersion) {
    this.#version = version;
  }

  header({ cols, rows, beganMs, title, command }: CastHeader): string {
    const size = this.#version === 2 ? { width: cols, height: rows } : { term: { cols, rows } };
    const timestamp = Math.floor(beganMs / 1000);
    return `${JSON.stringify({ version: this.#version, ...size, timestamp, title, command })}\n`;
  }

  /** `atMs`: since the beginning. An event never is before the one before. */
  event(atMs: number, code: CastCode, data: string): string {
    const at = Math.max(this.#lastMs, Math.round(atMs));
    // The third version tells the time that has passed since the event before.
    const seconds = (this.#version === 2 ? at : at - this.#lastMs) / 1000;
    this.#lastMs = at;
    return `[${seconds.toFixed(3)}, "${code}", ${JSON.stringify(data)}]\n`;
  }
}
