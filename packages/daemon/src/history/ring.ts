import { type Mapping, wholePages } from '@holdfast/posix';

/** Room for one read of a master. */
export const READ_BYTES = 4096;
/**
 * What a killed daemon may have taken from the kernel and not counted: one read. No more is asked for at once, since Linux,
 * which nearly always gives 4,095 bytes, now and then gives one more.
 */
export const AT_RISK_BYTES: number = READ_BYTES - 1;

/** Size of the file behind a ring that keeps `capacity` bytes: the next read must not overwrite any of them. */
export function ringFileBytes(capacity: number): number {
  return wholePages(capacity + READ_BYTES);
}

/** How much is kept by a ring whose file has that size. */
export function capacityOfRingFile(byteCount: number): number {
  return byteCount - READ_BYTES;
}

/** The newest bytes of an output, in a file that is mapped twice in a row. Byte `offset` stands at `offset % file size`. */
export class Ring {
  readonly #mapping: Mapping;

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
  }

  /** Where byte `offset` stands in memory; what follows it is contiguous for as long as the file is. */
  addressOf(offset: number): number {
    return this.#mapping.address + (offset % this.#mapping.byteCount);
  }

  unmap(): void {
    this.#mapping.unmap();
  }
}
