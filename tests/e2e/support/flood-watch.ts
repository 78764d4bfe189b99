import type { Client } from '@holdfast/client';
import { firstDifference, floodOffsetOf, LINE_BYTES } from '@holdfast/testkit';

/** Compares the flood as it comes, however long it is. */
export class FloodWatch {
  readonly faults: string[] = [];
  /** How many bytes are missing at each crash. */
  readonly missing: number[] = [];
  offset = 0;
  /** How far the flood is ahead of the offsets. */
  #shift = 0;
  /** What has come since the last crash, as long as it has no whole line. */
  #unplaced: Buffer | undefined;

  static async begin(client: Client, session: string): Promise<FloodWatch> {
    const watch = new FloodWatch();
    const subscription = await client.subscribe(session, {
      from: 'start',
      mode: 'exact',
      leaseMs: 30_000,
      onData: (bytes, offset) => {
        watch.#take(bytes, offset);
        // Nothing comes before the gate is opened, and that is after the answer.
        subscription.acknowledge(offset + bytes.length);
      },
      onGap: ({ from, reason }) => {
        if (reason !== 'crash' || watch.#unplaced) watch.faults.push(`a gap by ${reason} at ${from}`);
        watch.#unplaced = Buffer.alloc(0);
      },
    });
    return watch;
  }

  #take(bytes: Uint8Array, offset: number): void {
    if (offset !== this.offset) this.faults.push(`${offset} came after ${this.offset}`);
    this.offset = offset + bytes.length;
    const placed = this.#unplaced ? this.#place(bytes) : bytes;
    if (!placed) return;
    const from = this.offset - placed.length + this.#shift;
    const difference = firstDifference(placed, from);
    if (difference !== -1) this.faults.push(`not the flood at ${from + difference}`);
  }

  /** All that has come since the crash, when it is known where in the flood that is. */
  #place(bytes: Uint8Array): Buffer | undefined {
    const all = Buffer.concat([this.#unplaced ?? Buffer.alloc(0), bytes]);
    this.#unplaced = all;
    if (all.length < 2 * LINE_BYTES) return undefined;
    const shift = floodOffsetOf(all) - (this.offset - all.length);
    this.missing.push(shift - this.#shift);
    this.#shift = shift;
    this.#unplaced = undefined;
    return all;
  }
}
