import type { Client, ScreenStart, ScreenView, ScreenViewOptions } from '@holdfast/client';
import type { Exit } from '@holdfast/protocol';
import { differences, type Emulator, Emulators } from '@holdfast/screen';
import { eventually, within } from '@holdfast/testkit';
import type { AlwaysAttached } from './always-attached.ts';

const emulators = new Emulators();

/** A fresh terminal that is put into a session's state, and shows its output from there on. */
export class ViewedScreen {
  readonly starts: ScreenStart[] = [];
  emulator: Emulator = emulators.open({ cols: 80, rows: 24 });
  /** It takes nothing more. */
  isStuck = false;
  #exited: (exit: Exit) => void = () => undefined;
  readonly #ended = new Promise<Exit>((resolve) => {
    this.#exited = resolve;
  });
  #view: ScreenView | undefined;
  #offset = 0;

  static async open(
    client: Client,
    session: string,
    options: Partial<ScreenViewOptions> = {},
  ): Promise<ViewedScreen> {
    const screen = new ViewedScreen();
    screen.#view = await client.view(session, {
      ...options,
      onScreen: (start) => screen.#begin(start),
      onData: (bytes, offset) => {
        if (offset !== screen.#offset) throw new Error(`output at ${offset} instead of ${screen.#offset}`);
        screen.#offset = offset + bytes.length;
        screen.emulator.feed(bytes);
        return !screen.isStuck;
      },
      onResized: (size) => screen.emulator.resize(size),
      onExited: ({ exit }) => screen.#exited(exit),
    });
    return screen;
  }

  get view(): ScreenView {
    if (!this.#view) throw new Error('not open yet');
    return this.#view;
  }

  /** Offset behind what it shows. */
  get offset(): number {
    return this.#offset;
  }

  goOn(): void {
    this.isStuck = false;
    this.view.resume();
  }

  exited(withinMs?: number): Promise<Exit> {
    return within('the end of the session', this.#ended, withinMs);
  }

  #begin(start: ScreenStart): boolean {
    this.starts.push(start);
    this.emulator[Symbol.dispose]();
    this.emulator = emulators.open(start);
    if (start.snapshot) this.emulator.feed(start.snapshot.bytes);
    this.#offset = start.offset;
    return !this.isStuck;
  }
}

/** Resolves when both have shown all there is, and the same; fails with what is different. */
export async function untilSame(always: AlwaysAttached, screen: ViewedScreen): Promise<void> {
  let found: string[] = [];
  const same = () => {
    const expected = always.emulator();
    found = differences(expected, screen.emulator);
    return found.length === 0 && screen.offset === always.recording.bytes.length;
  };
  try {
    await eventually('the two terminals are the same', same);
  } catch (cause) {
    throw new Error(found.join('\n') || 'one has shown more', { cause });
  }
}
