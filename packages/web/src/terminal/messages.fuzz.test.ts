import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseHostMessage } from './messages.ts';

test('what a host says is no JSON, is passed over, or has a type that there is', () => {
  const messages = hostileJson(
    { type: 'resized', offset: 1, cols: 80, rows: 24 },
    { type: 'exited', offset: 5, exit: { code: 0 } },
    { type: 'error', code: 'E_LIMIT', message: 'why', retry: true },
  );
  fc.assert(
    fc.property(messages, (text) => {
      const outcome = judge(() => parseHostMessage(text));
      if (outcome.kind === 'refused') expect(outcome.error).toBeInstanceOf(SyntaxError);
      else if (outcome.result) expect(outcome.result.type).toMatch(/^\w+$/);
    }),
    fuzzRuns(1_000),
  );
});
