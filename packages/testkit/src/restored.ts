import { differences, type Emulators, type ScreenSize, type Serializer } from '@holdfast/screen';
import fc from 'fast-check';
import { sequence } from './escape-grammar.ts';

const SCROLLBACK = 50;

/** What a program writes before somebody attaches, and behind that. */
export interface Written {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly size: ScreenSize;
}

export const written: fc.Arbitrary<Written> = fc.record({
  before: fc.array(sequence, { minLength: 1, maxLength: 50 }),
  after: fc.array(sequence, { maxLength: 25 }),
  size: fc.constantFrom({ cols: 20, rows: 6 }, { cols: 40, rows: 12 }, { cols: 3, rows: 3 }),
});

export interface Unlike extends Written {
  /** What the serializer says that it could not write. */
  readonly said: readonly string[];
  readonly differences: readonly string[];
}

/** How a restored terminal differs from the original, at once, when it is serialized again, or later. Undefined if it does not. */
export function unlikeRestored(
  one: Written,
  { emulators, serializer }: { readonly emulators: Emulators; readonly serializer: Serializer },
): Unlike | undefined {
  using original = emulators.open(one.size, SCROLLBACK);
  using restored = emulators.open(one.size, SCROLLBACK);
  original.feed(Buffer.from(one.before.join('')));
  if (!original.internals.isGround) return undefined; // no safe offset
  const snapshot = serializer.serialize(original);
  const said = [...serializer.unrepresented];
  restored.feed(snapshot);
  const found = differences(original, restored);
  if (!serializer.serialize(restored).equals(snapshot)) found.push('serialized again, it is something else');
  for (const it of [original, restored]) it.feed(Buffer.from(one.after.join('')));
  found.push(...differences(original, restored));
  return found.length > 0 ? { ...one, said, differences: found } : undefined;
}
