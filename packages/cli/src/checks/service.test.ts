import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { judgeService, launchAgent, systemdUnit } from './service.ts';

const CONTRIB = new URL('../../../../contrib/', import.meta.url);

test.each([
  ['holdfast.service', systemdUnit, '.config/systemd/user/holdfast.service'],
  ['holdfast.plist', launchAgent, 'Library/LaunchAgents/holdfast.plist'],
] as const)('contrib/%s starts the program that it names, and no other', (shipped, look, place) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-service-'));
  const write = (name: string, text = '') => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  };
  const scripts = ['one', 'two'].map((tree) => {
    write(`${tree}/bin/holdfast`);
    return write(`${tree}/dist/cli/main.cjs`);
  });
  // As it is put into a folder of PATH.
  const linked = path.join(folder, 'linked');
  fs.symlinkSync(path.join(folder, 'one', 'bin', 'holdfast'), linked);
  const text = fs.readFileSync(new URL(shipped, CONTRIB), 'utf8');
  const file = write(place, text.replaceAll('/usr/local/bin/holdfast', linked));
  write('.config/systemd/user/default.target.wants/holdfast.service');

  const installed = look({ env: { HOME: folder }, home: { namespace: 'default' } });
  if (!installed) throw new Error(`${file} is not found`);
  const [one, two] = scripts.map((script) => judgeService(installed, { script, holdfastHome: undefined }));
  expect(one).toEqual({ status: 'ok', detail: `${file} starts this program at login` });
  expect(two).toMatchObject({ status: 'warn', detail: expect.stringContaining('and not this program') });
  // There is no holdfast service install on a Mac.
  expect(two?.hint).toMatch(
    look === launchAgent ? /^copy contrib\/holdfast\.plist/ : /^holdfast service install/,
  );
  fs.rmSync(folder, { recursive: true });
});
