import { finished, type Writable } from 'node:stream';
import { HoldfastError } from '@holdfast/protocol';

/** Captures of one shared link, and of all together, that are being made or have not been read: each may take megabytes until then. */
const OF_LINK_MAX = 4;
const ALL_MAX = 16;

/**
 * The captures of those who may only see. Who was given a link can neither fill the memory, by asking and not reading, nor keep
 * out those with other links.
 */
export class GuestCaptures {
  readonly #ofLink = new Map<string, number>();
  #all = 0;

  /** One more, by the token that was given away; it counts until its answer has been read, or nobody wants it any more. Throws HoldfastError E_LIMIT. */
  begin(link: string, answer: Writable): void {
    const ofLink = this.#ofLink.get(link) ?? 0;
    if (ofLink >= OF_LINK_MAX || this.#all >= ALL_MAX)
      throw new HoldfastError(
        'E_LIMIT',
        `a link has at most ${OF_LINK_MAX} captures at once, all together ${ALL_MAX}`,
      );
    this.#count(link, 1);
    // Called also if it is over already.
    finished(answer, () => this.#count(link, -1));
  }

  #count(link: string, change: 1 | -1): void {
    this.#all += change;
    const ofLink = (this.#ofLink.get(link) ?? 0) + change;
    if (ofLink === 0) this.#ofLink.delete(link);
    else this.#ofLink.set(link, ofLink);
  }
}
