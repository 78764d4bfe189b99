interface Link {
  readonly id?: string | undefined;
  readonly uri: string;
}

/** Those of its cells that have more to them than two words, by column. */
type ExtendedCells = Readonly<Record<number, { readonly _urlId: number } | undefined>>;

interface LinkedBuffer {
  readonly lines: {
    readonly length: number;
    get(index: number): { readonly _extendedAttrs: ExtendedCells } | undefined;
  };
}

/** What is read of xterm.js behind its public interface for this. */
export interface LinkedCore {
  readonly buffers: { readonly normal: LinkedBuffer; readonly alt: LinkedBuffer };
  readonly _oscLinkService: {
    registerLink(link: Link): number;
    addLineToLink(number: number, y: number): void;
    getLinkData(number: number): Link | undefined;
  };
  readonly _inputHandler: { readonly _curAttrData: { readonly extended: { readonly _urlId: number } } };
}

/** So many are kept before it is looked which of them nothing has any more. */
const UNSEEN_LINKS = 1024;

/**
 * Keeps each link (OSC 8) as long as a cell has it, or it is open. xterm.js forgets it with the lines on which it was written, though its
 * cells may have moved to others, or it is open still: which lines those were is nothing that could be carried.
 */
export function keepLinks({ buffers, _oscLinkService: service, _inputHandler: input }: LinkedCore): void {
  const links = new Map<number, Link>();
  const numbers = new Map<string, number>();
  let last = 0;
  let most = UNSEEN_LINKS;

  service.registerLink = (link) => {
    const key = link.id === undefined ? undefined : `${link.id};${link.uri}`;
    const known = key === undefined ? undefined : numbers.get(key);
    if (known !== undefined) return known;
    if (links.size >= most) forgetUnseen();
    last += 1;
    links.set(last, link);
    if (key !== undefined) numbers.set(key, last);
    return last;
  };
  service.addLineToLink = () => {};
  service.getLinkData = (number) => links.get(number);

  function forgetUnseen(): void {
    const seen = new Set([input._curAttrData.extended._urlId]);
    for (const { lines } of [buffers.normal, buffers.alt])
      for (let row = 0; row < lines.length; row += 1)
        for (const cell of Object.values(lines.get(row)?._extendedAttrs ?? {})) seen.add(cell?._urlId ?? 0);
    for (const number of links.keys()) if (!seen.has(number)) links.delete(number);
    for (const [key, number] of numbers) if (!links.has(number)) numbers.delete(key);
    most = Math.max(UNSEEN_LINKS, 2 * links.size);
  }
}
