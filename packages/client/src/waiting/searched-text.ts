/** A piece of output that begins and ends between characters, as text. */
interface Piece {
  /** Characters before it. */
  readonly at: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly offset: number;
}

const REPLACEMENT = '\ufffd';

/** Output as text, of which each character's place among the bytes is known. What comes in pieces may be cut within a character. */
export class SearchedText {
  readonly #pieces: Piece[] = [];
  /** Bytes of a character that is not complete, and behind which offset they end. */
  #rest: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** Characters that were dropped at the beginning. */
  #dropped = 0;
  #text = '';

  /** What is kept of the text. */
  get text(): string {
    return this.#text;
  }

  /** Begins anew: what comes is not joined to what was there. */
  clear(): void {
    this.#pieces.length = 0;
    this.#rest = new Uint8Array(0);
    this.#dropped = 0;
    this.#text = '';
  }

  /** Adds output; bytes that are missing before it are told by its offset. */
  push(bytes: Uint8Array, offset: number): void {
    const rest = offset === this.#end ? this.#rest : new Uint8Array(0);
    const joined = Buffer.concat([rest, bytes]);
    const whole = joined.subarray(0, joined.length - incompleteTail(joined));
    this.#rest = joined.subarray(whole.length);
    this.#end = offset + bytes.length;
    const text = decoded(whole);
    const at = this.#dropped + this.#text.length;
    this.#pieces.push({ at, text, bytes: whole, offset: offset - rest.length });
    this.#text += text;
  }

  /** Keeps only the newest characters. */
  keep(characters: number): void {
    const excess = this.#text.length - characters;
    if (excess <= 0) return;
    this.#text = this.#text.slice(excess);
    this.#dropped += excess;
    const first = this.#pieces.findIndex(({ at, text }) => at + text.length > this.#dropped);
    this.#pieces.splice(0, first === -1 ? this.#pieces.length : first);
  }

  /** The offset in the output of a character of `text`, or of its end. */
  offsetOf(index: number): number {
    const wanted = this.#dropped + index;
    const piece = this.#pieces.findLast(({ at }) => at < wanted) ?? this.#pieces[0];
    return piece ? piece.offset + bytesOf(piece, wanted - piece.at) : this.#end;
  }
}

/** How many bytes the first characters of a piece are. */
function bytesOf({ text, bytes }: Piece, characters: number): number {
  if (!text.includes(REPLACEMENT)) return Buffer.byteLength(text.slice(0, characters));
  // Of how many bytes each of these was made is told by nothing else.
  let [least, most] = [0, bytes.length];
  while (least < most) {
    const middle = (least + most) >> 1;
    if (decoded(bytes.subarray(0, middle)).length < characters) least = middle + 1;
    else most = middle;
  }
  return least;
}

/** How many bytes at the end may become a character with the next ones. */
export function incompleteTail(bytes: Uint8Array): number {
  for (const length of [3, 2, 1]) {
    if (length > bytes.length) continue;
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      if (decoder.decode(bytes.subarray(bytes.length - length), { stream: true }) === '') return length;
    } catch {
      // TypeError: so many are not the beginning of a character.
    }
  }
  return 0;
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
