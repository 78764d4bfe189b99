import * as z from 'zod/mini';

const count = z.int().check(z.gte(0));

/** Bytes beside a snapshot: where they stand, and how many they are. In schema 1 they are base64 in its text. */
export const carriedBytesShape = z.union([z.object({ at: count, length: count }), z.string()]);
export type CarriedBytes = z.infer<typeof carriedBytesShape>;

/** Takes what travels beside a snapshot; the snapshot holds what is returned. */
export interface Packing {
  /** Takes a descriptor, which stays the caller's; returns its index. */
  add(fd: number): number;
  /** Takes bytes, the parts as one. They are copied. Throws PosixError where there is no room. */
  addBytes(...parts: Uint8Array[]): CarriedBytes;
}

/** Gives back what travelled beside a snapshot. Both throw Error if it is not there. */
export interface Unpacking {
  /** `what` names it for people. */
  fd(index: number, what: string): number;
  bytes(carried: CarriedBytes): Buffer;
}

/** Takes nothing along: for saying beforehand what will be handed over. */
export class NothingPacked implements Packing {
  #descriptors = 0;

  add(): number {
    this.#descriptors += 1;
    return this.#descriptors - 1;
  }

  addBytes(): CarriedBytes {
    return { at: 0, length: 0 };
  }
}

/** Of what nothing travelled with. */
export const NOTHING_TO_UNPACK: Unpacking = {
  fd: (index, what) => {
    throw new Error(`descriptor ${index} has not come yet: ${what}`);
  },
  bytes: () => {
    throw new Error('the bytes have not come yet');
  },
};
