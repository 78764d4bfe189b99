import type { Terminal } from '@xterm/xterm';
import { coreOf } from './core.ts';

/** DECSCUSR: the odd ones blink, and the next one is the same shape that doesn't. */
const BLINKING: ReadonlySet<number> = new Set([1, 3, 5]);
const BLINK_MODE = 12;
/** One that nobody knows. */
const NO_MODE = 0;

/** The cursor blinks, but not for those who want no motion, whatever programs ask for. Returns what ends it. */
export function followMotion(terminal: Terminal): () => void {
  const reduced = matchMedia('(prefers-reduced-motion: reduce)');
  const follow = () => (terminal.options.cursorBlink = !reduced.matches);
  reduced.addEventListener('change', follow);
  follow();
  const { _parser: parser } = coreOf(terminal)._inputHandler;
  parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ({ params }) => {
    const [style = 0] = params;
    if (reduced.matches && BLINKING.has(style)) params[0] = style + 1;
    return false;
  });
  parser.registerCsiHandler({ prefix: '?', final: 'h' }, ({ params, length }) => {
    if (!reduced.matches) return false;
    for (let at = 0; at < length; at += 1) if (params[at] === BLINK_MODE) params[at] = NO_MODE;
    return false;
  });
  return () => reduced.removeEventListener('change', follow);
}
