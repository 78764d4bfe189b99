/** Makes something of a session's output, piece by piece: each call returns what is to be written next. */
export interface Exporter {
  begin(): string;
  /** The next output, which comes in order. */
  output(bytes: Uint8Array, offset: number): string;
  /** Some is missing here. */
  gap(label: string): string;
  end(): string;
}
