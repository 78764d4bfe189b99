import { Emulators } from '@holdfast/screen';
import { eventually, program, type Terminal } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

const SIZE = { cols: 80, rows: 24 };
/** Leaves hardly anything as it is by default. */
const MESS = [
  '\\033[?1;5;6;12;45;66;1003;1004;1006;2004h\\033[?7;25l\\033[4h\\033[20h\\033[3;7r',
  '\\033[5 q\\033[1\\042q\\033[>4;2m\\033[>1u\\033[1;31;44m',
].join('');

/** Shows what is written to a terminal, and answers what it is asked, until it is disposed. */
function answering(terminal: Terminal): Disposable {
  const emulator = new Emulators().open(SIZE);
  emulator.terminal.options.disableStdin = false;
  emulator.terminal.onData((answer) => terminal.type(answer));
  let shown = 0;
  const timer = setInterval(() => {
    const { bytes } = terminal.screen;
    emulator.feed(bytes.subarray(shown));
    shown = bytes.length;
  }, 3);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      emulator[Symbol.dispose]();
    },
  };
}

function toldIn(terminal: Terminal): string[] {
  return [...terminal.screen.text.matchAll(/<"(.*?)">\s/g)].map(([, told = '']) => told);
}

test.each([
  { buffer: 'normal', enter: '' },
  { buffer: 'alternate', enter: '\\033[?1049h' },
])(
  'whoever detaches from a program in the $buffer buffer has a terminal that answers for its modes as it did before',
  async ({ enter }) => {
    await using home = new CliHome();
    await home.open('mess', `stty -echo; printf '${enter}${MESS}made'; exec cat`);
    const asks = program('ask-modes.py')
      .map((word) => `'${word}'`)
      .join(' ');
    const script = `${asks}; "${home.installation.bin}" attach mess; ${asks}; printf '${MESS}'; ${asks}; read end`;
    const terminal = home.terminalWith(['/bin/sh', '-c', script], { size: SIZE });
    using _ = answering(terminal);
    await terminal.waitFor('made');
    terminal.type('\x1dd');
    const [before = '', after, unlike] = await eventually('it has been asked three times', () => {
      const told = toldIn(terminal);
      return told.length === 3 ? told : undefined;
    });
    expect(before).toContain('[?2004;2$y');
    expect(after).toBe(before);
    // So it would have been noticed.
    expect(unlike).not.toBe(before);
  },
);
