import { randomBytes } from 'node:crypto';
import { HoldfastError, LIMITS } from '@holdfast/protocol';

/** A session's id: 12 hexadecimal digits, so many that none is drawn twice in one home. */
export function newSessionId(): string {
  return randomBytes(6).toString('hex');
}

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
  if (/\p{C}/u.test(name)) return 'it contains a control character';
  if (name !== name.trim()) return 'it begins or ends with a space';
  if (name.startsWith('-')) return 'it begins with a dash';
  return undefined;
}
