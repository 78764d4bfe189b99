import { LIMITS } from '@holdfast/protocol';

/** As much of a command as anybody wants to see: it may be megabytes, and a list holds that of every session. */
export function shownCommand(command: readonly string[]): string[] {
  const shown: string[] = [];
  let left = LIMITS.toldCommandCharacters;
  for (const word of command) {
    if (left <= 0) return [...shown, '…'];
    shown.push(word.length > left ? `${word.slice(0, left)}…` : word);
    left -= word.length + 1;
  }
  return shown;
}
