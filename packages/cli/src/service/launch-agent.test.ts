import fs from 'node:fs';
import { expect, test } from 'vitest';
import { agentProgram } from './launch-agent.ts';

test('contrib/holdfast.plist runs an installation in /usr/local', () => {
  const file = new URL('../../../../contrib/holdfast.plist', import.meta.url);
  expect(agentProgram(fs.readFileSync(file, 'utf8'))).toBe('/usr/local/bin/holdfast');
  expect(agentProgram('<plist/>')).toBeUndefined();
});
