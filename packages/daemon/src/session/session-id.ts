import { randomBytes } from 'node:crypto';
import { HoldfastError, LIMITS } from '@holdfast/protocol';

/** A session's id: 12 hexadecimal digits, never used twice in one home. */
export function newSessionId(): string {
  return randomBytes(6).toString('hex');
}

export function isSessionId(text: string): boolean {
  return /^[0-9a-f]{12}$/.test(text);
}

/** Throws HoldfastError(E_BAD_NAME) for what can't be typed or shown: empty, too long, control characters, a leading dash. */
export function checkName(name: string): void {
  const why =
    name.trim() === ''
      ? 'it is empty'
      : [...name].length > LIMITS.nameCharacters
        ? `it is longer than ${LIMITS.nameCharacters} characters`
        : /\p{C}/u.test(name)
          ? 'it contains a control character'
          : name !== name.trim()
            ? 'it begins or ends with a space'
            : name.startsWith('-')
              ? 'it begins with a dash'
              : undefined;
  if (why) throw new HoldfastError('E_BAD_NAME', `${JSON.stringify(name)} is no session name: ${why}`);
}
