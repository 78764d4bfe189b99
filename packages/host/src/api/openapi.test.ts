import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from './openapi.ts';
import { procedures, summaryOf } from './operations.ts';

const docs = new URL('../../../../docs/', import.meta.url);

test('docs/openapi.json is the description that is served', async () => {
  // To write it anew: npx vitest run packages/host/src/api/openapi.test.ts -u
  const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(new URL('openapi.json', docs).pathname);
});

test('docs/api.md lists every procedure, with what it does', () => {
  const page = readFileSync(new URL('api.md', docs), 'utf8');
  const told = [...page.matchAll(/^\| `((?:machines|terminal)[.\w]+)` \| (\w+) \| (.*) \|$/gm)].map(
    ([, name, kind, does]) => [name, { kind, does }],
  );
  const made = procedures().map(([name, { _def }]) => [
    name,
    { kind: _def.type, does: summaryOf(_def.meta) },
  ]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(made));
});

test('every procedure about a daemon takes a namespace', () => {
  const without = procedures().filter(([name, { _def }]) => {
    if (name.startsWith('machines.')) return false;
    const [input] = 'inputs' in _def && Array.isArray(_def.inputs) ? (_def.inputs as unknown[]) : [];
    if (!(input instanceof z.ZodType)) return true;
    return !('namespace' in (z.toJSONSchema(input, { io: 'input' }).properties ?? {}));
  });
  expect(without.map(([name]) => name)).toEqual([]);
});
