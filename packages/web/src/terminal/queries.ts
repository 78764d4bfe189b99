import type { IDisposable, Terminal } from '@xterm/xterm';

/**
 * Programs ask their terminal things, and it answers by typing. Only one page may answer, and only what is asked now: not what
 * was asked, and answered, before this page was there.
 */
export function silenceQueries(terminal: Terminal, isAnswering: () => boolean): IDisposable[] {
  const { parser } = terminal;
  // True: it is dealt with. False: the terminal answers.
  const unless = () => !isAnswering();
  const csi = [
    { final: 'c' },
    { prefix: '>', final: 'c' },
    { prefix: '=', final: 'c' },
    { final: 'n' },
    { prefix: '?', final: 'n' },
    { intermediates: '$', final: 'p' },
    { prefix: '?', intermediates: '$', final: 'p' },
    { prefix: '>', final: 'q' },
    { prefix: '?', final: 'S' },
    { prefix: '?', final: 'u' },
    { final: 't' },
  ].map((id) => parser.registerCsiHandler(id, unless));
  const colours = [4, 10, 11, 12].map((code) =>
    parser.registerOscHandler(code, (data) => data.includes('?') && !isAnswering()),
  );
  return [...csi, ...colours, parser.registerDcsHandler({ intermediates: '$', final: 'q' }, unless)];
}
