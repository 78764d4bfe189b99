import { Emulators, Serializer } from '@holdfast/screen';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unlikeRestored, written } from '../../packages/screen/test/restored.ts';

const RUNS = 30_000;

it('restores at least 999 of 1,000 random inputs, and says of most others what it could not write', () => {
  const tools = { emulators: new Emulators(), serializer: new Serializer() };
  const { seed } = fc.readConfigureGlobal();
  const unlike = fc
    .sample(written, { numRuns: RUNS, ...(seed === undefined ? {} : { seed }) })
    .map((one) => unlikeRestored(one, tools))
    .filter((one) => one !== undefined);
  const unsaid = unlike.filter(({ said }) => said.length === 0);
  console.log(`${unlike.length} of ${RUNS} unequal, ${unsaid.length} of them without a word`);
  expect(unlike.length, JSON.stringify(unsaid, null, 1)).toBeLessThanOrEqual(RUNS / 1_000);
});
