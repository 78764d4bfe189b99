import type { IDisposable, Terminal } from '@xterm/xterm';

export interface Answering {
  /** Whether this page answers what is asked now. */
  readonly isAnswering: () => boolean;
  /** Whether programs may fill the clipboard now. */
  readonly mayCopy: () => boolean;
}

/**
 * Programs ask their terminal things, and it answers by typing. Only one page may answer, and only what is asked now: not what
 * was asked, and answered, before this page was there. What the clipboard has, no page tells; nor is it filled once more by what
 * is only shown again. To be called after the addons are loaded: who comes last is asked first.
 */
export function silenceQueries(terminal: Terminal, { isAnswering, mayCopy }: Answering): IDisposable[] {
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
  const clipboard = parser.registerOscHandler(52, (data) => data.split(';')[1] === '?' || !mayCopy());
  return [
    ...csi,
    ...colours,
    clipboard,
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, unless),
  ];
}
