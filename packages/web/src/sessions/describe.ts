import { LIMITS, type Session } from '@holdfast/protocol';

type Exit = NonNullable<Session['exit']>;

/** The command as one would type it; a login shell by its name. */
export function commandOf({ command }: Pick<Session, 'command'>): string {
  const [program = '', ...args] = command;
  return [program.slice(program.lastIndexOf('/') + 1), ...args].join(' ');
}

/** Whether it is only the beginning of what runs, since so much of a command is told. */
export function isCut(command: readonly string[]): boolean {
  return command.join(' ').length > LIMITS.toldCommandCharacters;
}

/** The folder's last parts, with `~` for a home folder. */
export function folderOf({ cwd }: Pick<Session, 'cwd'>): string {
  const short = cwd.replace(/^\/(?:home\/[^/]+|root)(?=\/|$)/, '~');
  const parts = short.split('/');
  return parts.length > 4 ? `…/${parts.slice(-2).join('/')}` : short;
}

export function exitOf(exit: Exit): { text: string; isGood: boolean } {
  if ('code' in exit)
    return { text: exit.code === 0 ? 'Exited' : `Exited with ${exit.code}`, isGood: exit.code === 0 };
  if ('signal' in exit) return { text: `Ended by ${exit.signal}`, isGood: false };
  return { text: 'Ended, status lost', isGood: false };
}

/** Whether nobody saw its program end, as when the machine went down. */
export function isLost({ exit }: Pick<Session, 'exit'>): boolean {
  return exit !== null && 'lost' in exit;
}

/** How long ago, shortly: `now`, `5m`, `3h`, `2d`. */
export function agoOf(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - atMs) / 1000);
  if (seconds < 10) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A time as people here write it: short for today, with the day otherwise. */
export function timeOf(iso: string): string {
  const time = new Date(iso);
  const isToday = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(
    undefined,
    isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  );
}

/** `512 B`, `20 KB`, `1.5 MB`. */
export function bytesOf(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${Math.round(bytes / 1_024)} KB`;
  if (bytes < 1_073_741_824) return `${(bytes / 1_048_576).toFixed(1)} MB`;
  return `${(bytes / 1_073_741_824).toFixed(1)} GB`;
}

/** `1 session`, `2 sessions`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * Splits what was typed into a program and arguments, as a shell would by blanks and quotes; it expands nothing. Throws an Error
 * that says what is open at its end: a shell would ask for more.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  const open = /^(?:[^"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')*/.exec(line)?.[0].length ?? 0;
  if (line[open] === '\\') throw new Error('nothing follows the \\ at the end');
  if (open < line.length) throw new Error(`the quote ${line[open]} isn’t closed`);
  for (const match of line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    words.push(match[0].replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, unquoted));
  }
  return words;
}

function unquoted(_: string, escaped?: string, double?: string, single?: string): string {
  return escaped ?? single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? '';
}
