import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Emulator, ScreenSize } from '@holdfast/screen';
import { repository } from './installation.ts';

interface Header extends ScreenSize {
  readonly resizes: readonly (ScreenSize & { readonly offset: number })[];
}

/** What a real program has written to its terminal; see tests/recordings. */
export class ScreenRecording {
  readonly name: string;
  readonly bytes: Buffer;
  readonly #header: Header;

  static all(): ScreenRecording[] {
    const folder = path.join(repository, 'tests', 'recordings');
    const files = readdirSync(folder).filter((file) => file.endsWith('.gz'));
    return files.toSorted().map((file) => ScreenRecording.#read(path.join(folder, file)));
  }

  static #read(file: string): ScreenRecording {
    const content = gunzipSync(readFileSync(file));
    const end = content.indexOf('\n');
    const header = JSON.parse(content.toString('utf8', 0, end)) as Header;
    return new ScreenRecording(path.basename(file, '.gz'), content.subarray(end + 1), header);
  }

  constructor(name: string, bytes: Buffer, header: Header) {
    this.name = name;
    this.bytes = bytes;
    this.#header = header;
  }

  /** All of them one after the other, again and again, so many bytes. The terminal has the size of each while that lasts. */
  static endless(recordings: readonly ScreenRecording[], byteCount: number): ScreenRecording {
    const pieces: Buffer[] = [];
    const resizes: Header['resizes'][number][] = [];
    let offset = 0;
    for (let turn = 0; offset < byteCount; turn += 1) {
      const next = recordings[turn % recordings.length];
      if (!next) break;
      const moved = next.#header.resizes.map((resize) => ({ ...resize, offset: offset + resize.offset }));
      resizes.push({ ...next.sizeAt(0), offset }, ...moved);
      pieces.push(next.bytes);
      offset += next.bytes.length;
    }
    const bytes = Buffer.concat(pieces).subarray(0, byteCount);
    return new ScreenRecording('endless', bytes, { ...(resizes[0] ?? { cols: 80, rows: 24 }), resizes });
  }

  /** The same bytes in a terminal that is resized at these offsets, and only there: what programs draw does not fit. */
  resized(resizes: Header['resizes']): ScreenRecording {
    const sorted = resizes.toSorted((a, b) => a.offset - b.offset);
    return new ScreenRecording(this.name, this.bytes, { ...this.sizeAt(0), resizes: sorted });
  }

  /** The size after the resizes at this offset. */
  sizeAt(offset: number): ScreenSize {
    return this.#header.resizes.findLast((resize) => resize.offset <= offset) ?? this.#header;
  }

  /** Where it was resized behind `from`, up to `to`. */
  resizesBetween(from: number, to: number): (ScreenSize & { readonly offset: number })[] {
    return this.#header.resizes.filter(({ offset }) => offset > from && offset <= to);
  }

  /** Feeds what was written between two offsets, and resizes where the terminal was resized: behind `from`, up to `to`. */
  play(emulator: Emulator, from: number, to: number): void {
    let at = from;
    for (const resize of this.resizesBetween(from, to)) {
      emulator.feed(this.bytes.subarray(at, resize.offset));
      emulator.resize(resize);
      at = resize.offset;
    }
    emulator.feed(this.bytes.subarray(at, to));
  }
}
