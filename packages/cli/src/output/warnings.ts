import type { Session } from '@holdfast/protocol';
import { printable } from './printable.ts';

/** A line for each thing that is not as it was wanted, about a session that was opened just now. */
export function warningLines({ name, warnings }: Pick<Session, 'name' | 'warnings'>): string[] {
  return warnings.map((text) => `holdfast: ${printable(name)}: ${printable(text)}`);
}
