import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OriginRule } from './origin.ts';
import { Tokens } from './tokens.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '../token',
    '__proto__',
    '[',
    '[::1',
    'a'.repeat(70_000),
    '\0',
    'user@localhost',
  ),
);

test('a token is good only if it was given, whatever is shown in its place', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-tokens-'));
  try {
    const tokens = new Tokens({ stateDir: path.join(folder, 'default') });
    const given = tokens.share({ namespace: 'default', session: '0123456789ab' }, 60_000);
    const [id = '', secret = ''] = given.split('.');
    const likely = fc.oneof(
      text,
      text.map((end) => `${given}${end}`),
      fc.nat(given.length - 1).map((end) => given.slice(0, end)),
      text.map((other) => `${id}.${other}`),
      text.map((other) => `${other}.${secret}`),
    );
    fc.assert(
      fc.property(likely, (token) => {
        const outcome = judge(() => tokens.verify(token));
        if (outcome.kind === 'refused') throw outcome.error;
        expect(outcome.result !== undefined).toBe(token === given);
        judge(() => tokens.isValid(token));
      }),
      fuzzRuns(1_000),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a damaged record opens no door that it did not open, and stands in the way of no other token', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-tokens-'));
  try {
    const tokens = new Tokens({ stateDir: path.join(folder, 'default') });
    const given = tokens.share({ namespace: 'default', session: '0123456789ab' }, 60_000);
    const records = path.join(tokens.folder, 'tokens');
    const [file = ''] = readdirSync(records);
    const record = tokens.list()[0];
    if (!record) throw new Error('it was given');
    const owner = tokens.owner();
    fc.assert(
      fc.property(hostileJson(record), (written) => {
        writeFileSync(path.join(records, file), written);
        const outcome = judge(() => [tokens.verify(given), tokens.list()] as const);
        if (outcome.kind === 'refused') throw outcome.error;
        expect(tokens.verify(owner)?.kind).toBe('owner');
      }),
      fuzzRuns(400),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a request is foreign unless it names this service, whatever it names', () => {
  const rule = new OriginRule({ bind: '127.0.0.1', isTls: false, names: [], certificate: undefined });
  const hosts = fc.oneof(
    text,
    text.map((other) => `localhost:7077${other}`),
    text.map((other) => `${other}localhost`),
    fc.constantFrom(
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:80',
      '[::1]:9',
      '127.1',
      '2130706433',
      'localhost.',
    ),
  );
  fc.assert(
    fc.property(hosts, fc.option(hosts, { nil: undefined }), (host, origin) => {
      const asked = { host, origin, fetchSite: undefined, isVisit: false };
      const outcome = judge(() => rule.complaint(asked));
      if (outcome.kind === 'refused') throw outcome.error;
      if (outcome.result !== undefined) return;
      const { hostname, username } = new URL(`http://${host}`);
      expect(['localhost', '127.0.0.1', '[::1]']).toContain(hostname.toLowerCase());
      expect(username).toBe('');
      if (origin !== undefined) expect(origin).toBe(`http://${host.toLowerCase()}`);
    }),
    fuzzRuns(2_000),
  );
});
