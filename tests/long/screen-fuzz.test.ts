import { Emulators, Serializer } from '@holdfast/screen';
import { unlikeRestored, written } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

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
  if (unlike.length > RUNS / 1_000) expect(unsaid).toEqual([]);
  expect(unlike.length).toBeLessThanOrEqual(RUNS / 1_000);
});
