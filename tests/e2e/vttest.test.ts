import { existsSync } from 'node:fs';
import { differences, type Emulator, Emulators, SafeOffset, Serializer } from '@holdfast/screen';
import { passTime, Terminal } from '@holdfast/testkit';
import { describe, expect, it } from 'vitest';

const VTTEST = '/usr/bin/vttest';
const SIZE = { cols: 80, rows: 24 };
/** A page is complete when nothing has come for so long. */
const QUIET_MS = 100;
/** After a key something comes, but on the pages that wait for another one. */
const ANSWER_MS = 2_000;
const PATIENCE_MS = 20_000;
/** More keys than any row takes. */
const MOST_KEYS = 150;

const emulators = new Emulators();
const serializer = new Serializer();

/** The terminal of a program that was always there, which answers; and one that is replaced by a restored one at every read. */
class TwoTerminals implements Disposable {
  readonly always = emulators.open(SIZE);
  #restored = emulators.open(SIZE);
  readonly #pty: Terminal;
  readonly #output = new SafeOffset();
  restorations = 0;

  constructor(pty: Terminal) {
    this.#pty = pty;
    this.always.terminal.options.disableStdin = false;
    this.always.terminal.onData((answer) => pty.type(answer));
  }

  get restored(): Emulator {
    return this.#restored;
  }

  /** Shows all that comes after a key, until nothing does. */
  async settle(): Promise<void> {
    const begin = performance.now();
    const before = this.#output.end;
    for (let quietSince = begin; performance.now() < begin + PATIENCE_MS; ) {
      const { bytes } = this.#pty.screen;
      if (bytes.length > this.#output.end) {
        this.#read(bytes);
        quietSince = performance.now();
      } else if (performance.now() - quietSince > (this.#output.end > before ? QUIET_MS : ANSWER_MS)) return;
      await passTime(3);
    }
  }

  #read(bytes: Buffer): void {
    const from = this.#output.safe;
    this.#output.push(bytes.subarray(this.#output.end));
    const next = bytes.subarray(from, this.#output.safe);
    this.always.feed(next);
    const before = this.#restored;
    this.#restored = emulators.open(SIZE);
    this.#restored.feed(serializer.serialize(before));
    before[Symbol.dispose]();
    this.restorations += 1;
    this.#restored.feed(next);
  }

  [Symbol.dispose](): void {
    this.always[Symbol.dispose]();
    this.#restored[Symbol.dispose]();
  }
}

function shownBy({ terminal, rows }: Emulator): string {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: rows }, (_, y) => active.getLine(active.baseY + y));
  return lines.map((line) => line?.translateToString(true) ?? '').join('\n');
}

describe('vttest, in a terminal that is replaced by a restored one at every read', () => {
  it.for<[what: string, choices: string]>([
    ['movements of the cursor', '1'],
    ['screen features', '2'],
    ['character sets', '3'],
    ['double-sized characters', '4'],
    ['lights of the keyboard', '5 1'],
    ['terminal reports', '6 1 2 3 4 5 6 7'],
    ['VT52 mode', '7'],
    ['VT102 features', '8'],
    ['known bugs', '9 1 2 3 4 5 6 7 8 9'],
    ['reset', '10 1 3'],
    ['screens of the VT220', '11 1 2 1 2 3 4 0 3 5 6'],
    ['status line of the VT320', '11 2 6 2'],
    ['movements of the VT420, with margins', '11 3 2 7 8 9 10 2 9 10 3 9 10'],
    ['cursor movements of ISO 6429', '11 5 2 3 4 5 6 7 8 9'],
    ['colours of ISO 6429', '11 6 2 3 4 5 6 1 2 3 0 8 9'],
    ['other features of ISO 6429', '11 7 2 3 4 5 6'],
    ['alternate screen of xterm', '11 8 7'],
  ])('shows the same on every page: %s', async ([, choices], context) => {
    if (!existsSync(VTTEST)) context.skip('needs vttest');
    using pty = new Terminal(
      {
        file: VTTEST,
        argv: ['vttest'],
        env: { PATH: '/usr/bin:/bin', TERM: 'xterm', HOME: '/tmp', LANG: 'C.UTF-8' },
      },
      { size: SIZE, cwd: '/tmp' },
    );
    using terminals = new TwoTerminals(pty);
    const left = choices.split(' ');
    let pages = 0;
    for (let keys = 0; keys < MOST_KEYS; keys += 1) {
      await terminals.settle();
      expect(differences(terminals.always, terminals.restored)).toEqual([]);
      pages += 1;
      const isMenu = shownBy(terminals.always).includes('Enter choice number');
      const choice = left[0];
      if (!isMenu) pty.type('\r');
      else if (choice === undefined) break;
      else pty.type(`${left.shift()}\r`);
    }
    expect(left).toEqual([]);
    expect(pages).toBeGreaterThan(choices.split(' ').length);
    expect(terminals.restorations).toBeGreaterThanOrEqual(pages);
  });
});
