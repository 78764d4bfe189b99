import type { Client, Input } from '@holdfast/client';
import { sendSignal } from '@holdfast/posix';
import type { Session } from '@holdfast/protocol';
import { differences, Emulators } from '@holdfast/screen';
import { passTime, processesWith, randomBelow, type TestDaemon } from '@holdfast/testkit';
import fc from 'fast-check';
import type { Play } from '../../recordings/plays.ts';
import { AlwaysAttached } from './always-attached.ts';
import { untilSame, ViewedScreen } from './viewed-screen.ts';

/** A program that has written nothing for so long waits for a key. One that never rests is not waited for: what it shows is as good. */
const QUIET_MS = 60;
const PATIENCE_MS = 600;
/** Who attaches does so at some moment behind a key: most of what it brings about takes less. */
const MOMENT_MS = 40;

/** Of this run: see scripts/property-seed.mjs. */
const SEED = fc.readConfigureGlobal().seed ?? 0;

const emulators = new Emulators();

/** A real program in a session of the daemon, a terminal that was always attached to it, and others that come at any moment. */
export class LivePlay implements Disposable {
  readonly always: AlwaysAttached;
  readonly session: Session;
  readonly #play: Play;
  readonly #scratch: string;
  readonly #client: Client;
  readonly #input: Input;
  readonly #screens: ViewedScreen[] = [];
  /** When somebody attaches is the same on every run with the same seed. */
  readonly #below = randomBelow(SEED);
  #typed = 0;

  static async begin(daemon: TestDaemon, play: Play): Promise<LivePlay> {
    const { command, cols, rows } = play;
    const scratch = daemon.home.scratch('play');
    const session = await daemon.openCommand(command, {
      cols,
      rows,
      cwd: scratch,
      env: {
        HOME: scratch,
        TERM: 'xterm-256color',
        COLORTERM: 'truecolor',
        LANG: 'C.UTF-8',
        TMUX_TMPDIR: scratch,
        SCREENDIR: `${scratch}/screens`,
        ...play.env,
      },
    });
    const always = await AlwaysAttached.begin(daemon, session.id, { cols, rows });
    const client = await daemon.connect({ reconnect: true });
    const input = await client.openInput(session.id);
    return new LivePlay({ play, scratch, session, always, client, input });
  }

  private constructor(parts: {
    play: Play;
    scratch: string;
    session: Session;
    always: AlwaysAttached;
    client: Client;
    input: Input;
  }) {
    this.#play = parts.play;
    this.#scratch = parts.scratch;
    this.session = parts.session;
    this.always = parts.always;
    this.#client = parts.client;
    this.#input = parts.input;
  }

  /** Types the keys up to that part of them, and has somebody attach behind some. What the last one brings about may be under way. */
  async typeTo(part: number): Promise<void> {
    const end = Math.round(this.#play.keys.length * part);
    for (; this.#typed < end; this.#typed += 1) {
      await this.#quiet();
      if (!(await this.#isRunning())) return;
      const key = this.#play.keys[this.#typed] ?? '';
      if (typeof key === 'string') await this.#type(key);
      else await this.#client.request('resize', { session: this.session.id, cols: key[0], rows: key[1] });
      if (this.#below(3) === 0) await this.attach();
    }
  }

  /** Somebody attaches, at some moment. */
  async attach(): Promise<void> {
    await passTime(this.#below(MOMENT_MS));
    this.#screens.push(await ViewedScreen.open(this.#client, this.session.id, { readOnly: true }));
  }

  /** Where those who attached did so, and how what they were shown first differs from what the terminal showed that was always there. */
  beginnings(): { offset: number; incomplete: readonly string[]; found: string[] }[] {
    return this.#screens.flatMap(({ starts }) =>
      starts.map((start) => {
        using attached = emulators.open(start);
        if (start.snapshot) attached.feed(start.snapshot.bytes);
        using expected = this.always.at(start);
        return {
          offset: start.offset,
          incomplete: start.incomplete,
          found: differences(expected, attached),
        };
      }),
    );
  }

  /** Resolves when all show the same as the terminal that was always there; fails with what is different. */
  async untilAllSame(): Promise<void> {
    for (const screen of this.#screens) await untilSame(this.always, screen);
  }

  /** Ends the servers of tmux and screen, which belong to nobody, with all in them. */
  [Symbol.dispose](): void {
    for (const pid of processesWith('TMUX_TMPDIR', this.#scratch)) sendSignal(pid, 9);
  }

  async #type(key: string): Promise<void> {
    try {
      await this.#input.write(Buffer.from(key));
    } catch (error) {
      // It has ended meanwhile.
      if (await this.#isRunning()) throw error;
    }
  }

  async #isRunning(): Promise<boolean> {
    const { session } = await this.#client.request('get', { session: this.session.id });
    return session.state === 'running';
  }

  async #quiet(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    const { output } = this.always.recording;
    for (let seen = -1; seen !== output.length && performance.now() < deadline; ) {
      seen = output.length;
      await passTime(QUIET_MS);
    }
  }
}
