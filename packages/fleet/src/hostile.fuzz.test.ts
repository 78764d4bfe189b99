import { deflateRawSync } from 'node:zlib';
import { encodeControl } from '@holdfast/protocol';
import { announcedSession, fuzzRuns, hostileBytes, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAnnouncement } from './announced-sessions.ts';
import { LimitedHello } from './machine/limited-hello.ts';
import { parseLease } from './machine/lease.ts';
import {
  encodeJson,
  openAnswer,
  openRequest,
  parseAnswer,
  parseRequest,
  surroundings,
  upgradeRequest,
} from './messages.ts';
import { decodeMessage, encodeCount, encodeMessage, KIND } from './tunnel/message.ts';
import { Tunnel } from './tunnel/tunnel.ts';

const LEASE = { instance: 'i', machine: 'm', home: '/h', version: '1.0.0', build: 'b', since: 'now' };
const SESSION = announcedSession({ state: 'exited', exit: { signal: 'SIGHUP' } });
const OPEN = { holdfast: 1, id: 'A'.repeat(22), windowBytes: 500_000, replaces: ['B'.repeat(22)] };
const SURROUNDINGS = { env: { PATH: '/bin' }, cwd: '/', umask: 18, openFilesLimit: 1024 };

/** What others say as JSON. */
const texts = {
  lease: { texts: hostileJson(LEASE), parse: parseLease },
  list: {
    texts: hostileJson({ sessions: [SESSION], omitted: 1 }),
    parse: (bytes: Uint8Array) => parseAnnouncement(deflateRawSync(bytes)),
  },
  'request to open': {
    texts: hostileJson(OPEN),
    parse: (bytes: Uint8Array) => parseRequest(bytes, openRequest),
  },
  'request to upgrade': {
    texts: hostileJson({ holdfast: 1, timeoutMs: 5_000 }),
    parse: (bytes: Uint8Array) => parseRequest(bytes, upgradeRequest),
  },
  'answer to open': {
    texts: hostileJson({ ok: { windowBytes: 500_000 } }, { error: { code: 'E_LIMIT', message: 'why' } }),
    parse: (bytes: Uint8Array) => parseAnswer(bytes, openAnswer),
  },
  'answer with surroundings': {
    texts: hostileJson({ ok: SURROUNDINGS }),
    parse: (bytes: Uint8Array) => parseAnswer(bytes, surroundings),
  },
} as const;

test.each(Object.entries(texts))('no %s is more than refused', (_, { texts, parse }) => {
  fc.assert(
    fc.property(texts, (text) => void judge<unknown>(() => parse(Buffer.from(text)))),
    fuzzRuns(300),
  );
});

test('nothing compressed is more than refused', () => {
  const list = deflateRawSync(encodeJson({ sessions: [SESSION, SESSION], omitted: 0 }));
  fc.assert(
    fc.property(hostileBytes(list), (bytes) => void judge(() => parseAnnouncement(bytes))),
    fuzzRuns(300),
  );
});

const MESSAGES = hostileBytes(
  encodeMessage(KIND.DATA, 0, Buffer.from('some output')),
  encodeMessage(KIND.GRANT, 1, encodeCount(700_000)),
  encodeMessage(KIND.BEAT, 2),
  encodeMessage(KIND.CLOSE, 3),
);

test('what is a message of a tunnel is the same when it is written again', () => {
  fc.assert(
    fc.property(MESSAGES, (bytes) => {
      const { kind, place, body } = decodeMessage(bytes) ?? { kind: undefined, place: 0, body: undefined };
      if (kind !== undefined) expect(Buffer.from(encodeMessage(kind, place, body))).toEqual(bytes);
    }),
    fuzzRuns(300),
  );
});

test('a tunnel to which anything is sent hands on what is in its place, or breaks', () => {
  fc.assert(
    fc.property(fc.array(MESSAGES, { maxLength: 8 }), (messages) => {
      const tunnel = new Tunnel({ send: () => undefined, peerWindowBytes: 1_000 });
      tunnel.on('error', () => undefined);
      try {
        judge(() => messages.forEach((message) => tunnel.receive(message)));
      } finally {
        tunnel.destroy();
      }
    }),
    fuzzRuns(300),
  );
});

test('whatever a looker says first, nothing is passed on but a hello with a limit, and what is behind it', async () => {
  const hello = encodeControl({ id: 1, type: 'hello', protocols: [1], client: { name: 'x', version: '1' } });
  const others = hostileBytes(hello, encodeControl({ id: 2, type: 'list' }));
  const parts = fc.array(others, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(parts, async (pieces) => {
      const limited = new LimitedHello();
      const passed: Buffer[] = [];
      limited.on('data', (bytes: Buffer) => passed.push(bytes));
      limited.on('error', () => undefined);
      for (const piece of pieces) if (!limited.destroyed) limited.write(piece);
      await new Promise(setImmediate);
      limited.destroy();
      const all = Buffer.concat(passed);
      if (all.length === 0) return;
      const first: unknown = JSON.parse(all.toString('utf8', 5, 4 + all.readUInt32LE(0)));
      expect(first).toMatchObject({ type: 'hello', limitedTo: '*' });
    }),
    fuzzRuns(300),
  );
});
