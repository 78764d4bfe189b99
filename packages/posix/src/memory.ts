import koffi from 'koffi';
import { libc } from './libc.ts';

/**
 * Memory with an address that libc can be given. V8 may move small typed arrays, so anything whose address is kept comes
 * from here: it is at least 4 KiB, which V8 always allocates outside its heap.
 */
export class Block {
  readonly bytes: Buffer;
  readonly address: number;
  readonly view: DataView;

  constructor(byteCount: number) {
    this.bytes = Buffer.from(new ArrayBuffer(Math.max(byteCount, 4096)), 0, byteCount);
    this.address = addressOf(this.bytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, byteCount);
  }
}

/** Address of a typed array's first byte; valid as long as the array lives and is at least 4 KiB of memory in all. */
export function addressOf(bytes: Uint8Array): number {
  return Number(koffi.address(bytes));
}

/** Copies from anywhere into a new buffer. The caller answers for the address. */
export function copyOut(address: number, byteCount: number): Buffer {
  const copy = Buffer.from(new ArrayBuffer(Math.max(byteCount, 4096)), 0, byteCount);
  libc.memcpy(addressOf(copy), address, byteCount);
  return copy;
}
