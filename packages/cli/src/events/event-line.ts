import { printable } from '../output/printable.ts';
import { exitInWords } from '../terminal/ending.ts';
import type { SessionEvent } from './session-events.ts';

/** An event for people: when, what, which session, and more where there is more to say. */
export function eventLine(event: SessionEvent): string {
  if (event.event === 'sessions') {
    const running = event.sessions.filter(({ state }) => state === 'running').length;
    return `${event.at} ${running} running, ${event.sessions.length - running} exited\n`;
  }
  const { at, name, offset } = event;
  const more = event.event === 'exited' && event.exit ? ` ${exitInWords(event.exit)}` : '';
  return `${at} ${event.event} ${printable(name)}${more}, output to ${offset}\n`;
}
