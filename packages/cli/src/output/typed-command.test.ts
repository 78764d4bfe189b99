import { resolveHome } from '@holdfast/supervisor/home';
import { expect, test } from 'vitest';
import { typedCommand } from './typed-command.ts';

const HOME = { HOLDFAST_HOME: '/tmp/home' };

test.each([
  [{}, {}, 'holdfast attach work'],
  [{ namespace: 'other' }, {}, 'holdfast --namespace other attach work'],
  [{}, { HOLDFAST_NAMESPACE: 'other' }, 'holdfast attach work'],
  [{ namespace: 'default' }, { HOLDFAST_NAMESPACE: 'other' }, 'holdfast --namespace default attach work'],
  [{ host: 'build1' }, {}, 'holdfast --host build1 attach work'],
])('%o in %o is told as it has to be typed', ({ namespace, host }: Meant, variables, expected) => {
  const env = { ...HOME, ...variables };
  expect(typedCommand({ env, home: resolveHome(env, namespace), host }, 'attach', 'work')).toBe(expected);
});

test('a name that a shell would take apart is quoted', () => {
  const parts = { env: HOME, home: resolveHome(HOME), host: undefined };
  expect(typedCommand(parts, 'attach', 'two words')).toBe("holdfast attach 'two words'");
});

interface Meant {
  readonly namespace?: string;
  readonly host?: string;
}
