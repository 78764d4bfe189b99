import koffi from 'koffi';
import { libc } from './libc.ts';

/**
 * Memory with an address that libc can be given and that stays. V8 moves small typed arrays, but never the memory of an
 * ArrayBuffer that was asked for by name.
 */
export class Block {
  readonly bytes: Buffer;
  readonly address: number;
  readonly view: DataView;

  constructor(byteCount: number) {
    this.bytes = Buffer.from(new ArrayBuffer(byteCount));
    this.address = addressOf(this.bytes);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** Address of a typed array's first byte; valid as long as the array lives. */
export function addressOf(bytes: Uint8Array): number {
  return Number(koffi.address(bytes));
}

/** Copies from anywhere into a new buffer. The caller answers for the address. */
export function copyOut(address: number, byteCount: number): Buffer {
  const copy = Buffer.from(new ArrayBuffer(byteCount));
  libc.memcpy(addressOf(copy), address, byteCount);
  return copy;
}

/** As copyOut, into memory that is there already: for what is called so often that new memory would be collected soon. */
export function copyOutInto(block: Block, address: number, byteCount: number): Buffer {
  if (byteCount > block.bytes.length) throw new RangeError(`${byteCount} bytes into ${block.bytes.length}`);
  libc.memcpy(block.address, address, byteCount);
  return block.bytes;
}

/** Copies to anywhere. The caller answers for both addresses. */
export function copyIn(to: number, from: number, byteCount: number): void {
  libc.memcpy(to, from, byteCount);
}
