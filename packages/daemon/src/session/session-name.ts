import { randomBytes } from 'node:crypto';
import { HoldfastError, LIMITS } from '@holdfast/protocol';

/** A session's id: 12 hexadecimal digits, so many that none is drawn twice in one home. */
export function newSessionId(): string {
  return randomBytes(6).toString('hex');
}

/**
 * Zero-width joiner and non-joiner where they show: they make one emoji of several, or are part of a word in scripts that
 * join letters. Between Latin letters they would only make two names look like one.
 */
const JOINERS = /(?<=[^\s\p{C}\p{ASCII}])[\u200c\u200d](?=[^\s\p{C}\p{ASCII}])/gu;

/** Throws HoldfastError(E_BAD_NAME) for what can't be typed or shown. */
export function checkName(name: string): void {
  const why = whyNoName(name);
  if (why) throw new HoldfastError('E_BAD_NAME', `${JSON.stringify(name)} is no session name: ${why}`);
}

/** The nearest thing to `text` that is a name, with room for a number behind it. */
export function usableName(text: string): string {
  const name = text
    .replace(/\p{C}/gu, '')
    .replace(/^[-\s]+/, '')
    .slice(0, LIMITS.nameCharacters - 8)
    // The half of a character that was cut through.
    .replace(/\p{Cs}/gu, '')
    .trim();
  return whyNoName(name) ? 'session' : name;
}

function whyNoName(name: string): string | undefined {
  if (name.trim() === '') return 'it is empty';
  if (name.length > LIMITS.nameCharacters) return `it is longer than ${LIMITS.nameCharacters} characters`;
  const bare = name.replace(JOINERS, '');
  if (/\p{Cc}/u.test(bare)) return 'it contains a control character';
  if (/\p{C}/u.test(bare)) return 'it contains an invisible character, or one that is none';
  if (name !== name.trim()) return 'it begins or ends with a space';
  if (name.startsWith('-')) return 'it begins with a dash';
  return undefined;
}
