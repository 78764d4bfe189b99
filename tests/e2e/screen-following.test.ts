import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@holdfast/protocol';
import { decodeCheckpoint, differences, Emulators } from '@holdfast/screen';
import { eventually, ScreenRecording, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { AlwaysAttached } from './support/always-attached.ts';
import { upgrade } from './support/upgrades.ts';

const SIZE = { cols: 80, rows: 24 };
const MIB = 1024 * 1024;
const HISTORY_BYTES = 64 * 1024;
const PIECE_BYTES = 8 * 1024;
/** At rest so much may not be saved. A successor, which does not know how much, lets a quarter of a history come before it has more saved. */
const AT_REST_BYTES = HISTORY_BYTES / 2;
const UNSAVED_BYTES = AT_REST_BYTES + HISTORY_BYTES / 4;
const emulators = new Emulators();

/** A session that writes recordings of real programs, piece by piece, and that nobody looks at. */
class Unseen {
  readonly session: Session;
  readonly always: AlwaysAttached;
  readonly #daemon: TestDaemon;
  readonly #type: (keys: string) => Promise<void>;
  #written = 'ready'.length;

  static async open(daemon: TestDaemon, byteCount: number): Promise<Unseen> {
    const file = path.join(daemon.home.scratch('files'), 'output');
    writeFileSync(file, ScreenRecording.endless(ScreenRecording.all(), byteCount).bytes);
    const session = await daemon.open('write-pieces.py', [file, PIECE_BYTES], {
      historyBytes: HISTORY_BYTES,
      ...SIZE,
    });
    const always = await AlwaysAttached.begin(daemon, session.id, SIZE);
    await always.recording.waitFor('ready');
    const input = await (await daemon.client()).openInput(session.id);
    return new Unseen({ daemon, session, always, type: (keys) => input.write(Buffer.from(keys)) });
  }

  private constructor(parts: {
    daemon: TestDaemon;
    session: Session;
    always: AlwaysAttached;
    type: (keys: string) => Promise<void>;
  }) {
    this.#daemon = parts.daemon;
    this.session = parts.session;
    this.always = parts.always;
    this.#type = parts.type;
  }

  /** Has it write, no faster than its screen is saved: what is not is kept by the history. */
  async write(byteCount: number): Promise<void> {
    for (const to = this.#written + byteCount; this.#written < to; ) {
      await this.#type('\x01');
      this.#written += PIECE_BYTES;
      await this.always.recording.output.untilLength(this.#written);
      await this.#untilSaved(UNSAVED_BYTES);
    }
    await this.#untilSaved(AT_REST_BYTES);
  }

  async #untilSaved(butFor: number): Promise<void> {
    const saved = () => this.#savedAt >= this.#written - butFor;
    await eventually('its screen is saved', saved, 30_000);
  }

  /** What somebody gets who looks now. */
  async incomplete(): Promise<readonly string[]> {
    const client = await this.#daemon.client();
    const how = { format: 'vt', historyLines: 1_000 } as const;
    const snapshot = await client.request('capture', { session: this.session.id, ...how });
    using attached = emulators.open(snapshot);
    attached.feed(Buffer.from(snapshot.text));
    attached.feed(this.always.recording.bytes.subarray(snapshot.offset));
    expect(differences(this.always.emulator(), attached)).toEqual([]);
    return snapshot.incomplete;
  }

  get #savedAt(): number {
    const { stateDir } = this.#daemon.home.paths;
    try {
      const saved = decodeCheckpoint(
        readFileSync(path.join(stateDir, 'sessions', this.session.id, 'screen')),
      );
      return typeof saved === 'string' ? 0 : saved.offset;
    } catch {
      // ENOENT: not yet.
      return 0;
    }
  }
}

describe('the screen of a session that nobody has ever looked at', () => {
  test('is exact behind 2 MiB in a history of 64 KiB', async () => {
    await using daemon = await startDaemon();
    const unseen = await Unseen.open(daemon, 2 * MIB);
    await unseen.write(2 * MIB);
    expect(await unseen.incomplete()).toEqual([]);
  }, 120_000);

  test('is exact across an upgrade and a crash, after each of which all of the history is written anew', async () => {
    await using daemon = await startDaemon({ keeper: true });
    const unseen = await Unseen.open(daemon, MIB);
    await unseen.write(5 * HISTORY_BYTES);
    await upgrade(daemon);
    await unseen.write(2 * HISTORY_BYTES);
    expect((await daemon.get(unseen.session)).historyStart).toBeGreaterThan(6 * HISTORY_BYTES);
    await daemon.killServing();
    await unseen.write(2 * HISTORY_BYTES);
    expect(await unseen.incomplete()).toEqual(['crash']);
  }, 60_000);
});
