import { expect, test } from 'vitest';
import { tellingLine } from './telling-line.ts';

const THROWN = `file:///srv/x.mjs:1
throw new Error("broken build")
      ^

Error: broken build
    at file:///srv/x.mjs:1:7
    at ModuleJob.run (node:internal/modules/esm/module_job:325:25) {
  [cause]: Error: another
}

Node.js v20.20.2
`;

test.for([
  ['', 'it said nothing'],
  [' \n\n', 'it said nothing'],
  ['the fake daemon is out of order\n', 'the fake daemon is out of order'],
  ['first\nsecond\n', 'second'],
  [THROWN, 'Error: broken build'],
  [
    "node:internal:873\n    throw new ERR();\nError [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'\n    at y\n\nNode.js v20\n",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'",
  ],
  [
    '/etc/passwd:1\nroot:x:0\n    ^\n\nSyntaxError: Unexpected token\n    at z\n',
    'SyntaxError: Unexpected token',
  ],
  ['holdfast: the daemon could not be started: no room\n', 'the daemon could not be started: no room'],
  ['x'.repeat(400), `${'x'.repeat(300)}…`],
] as const)('of %j people are told %j', ([words, told]) => {
  expect(tellingLine(words)).toBe(told);
});
