import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CastReader } from './cast-reader.ts';
import { type CastVersion, CastWriter } from './cast-writer.ts';

async function* cut(text: string, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? bytes.length;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function read(text: string, lengths: readonly number[] = [1_000]) {
  const reader = new CastReader(cut(text, lengths));
  const beginning = await reader.begin();
  const events = [];
  for (let event = await reader.next(); event; event = await reader.next()) events.push(event);
  return { beginning, events };
}

const HEADER = '{"version":2,"width":80,"height":24}\n';

test.each([2, 3] as const)(
  'what is written as version %i is read again, however it is cut',
  async (version: CastVersion) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(5_000), fc.string({ unit: 'binary' }))),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (outputs, lengths) => {
          const writer = new CastWriter(version);
          const header = {
            cols: 100,
            rows: 30,
            beganMs: 1_700_000_000_999,
            title: 't',
            command: 'sh -c "\u2028"',
          };
          let text = writer.header(header);
          let atMs = 0;
          for (const [afterMs, data] of outputs) text += writer.event((atMs += afterMs), 'o', data);
          const { beginning, events } = await read(text, lengths);
          expect(beginning).toEqual({ cols: 100, rows: 30, idleLimit: undefined });
          expect(events.map(({ data }) => data)).toEqual(outputs.map(([, data]) => data));
          for (const [index, { after }] of events.entries())
            expect(after).toBeCloseTo((outputs[index]?.[0] ?? 0) / 1000);
        },
      ),
      { numRuns: 50 },
    );
  },
);

test('comments, empty lines and what a later version may have are passed over', async () => {
  const { events } = await read(
    '{"version":3,"term":{"cols":80,"rows":24,"type":"xterm"},"idle_time_limit":2}\n# a comment\n\n[1, "z", "?"]\n[0.5, "o", "x", 7]\n',
  );
  expect(events).toEqual([
    { after: 1, code: 'z', data: '?' },
    { after: 0.5, code: 'o', data: 'x' },
  ]);
});

test('an event is never before the one before', async () => {
  const { events } = await read(`${HEADER}[2, "o", "a"]\n[1, "o", "b"]\n[-1e300, "o", "c"]\n[3, "o", "d"]\n`);
  expect(events.map(({ after }) => after)).toEqual([2, 0, 0, 1]);
});

test.each([
  ['', 'it is empty'],
  ['\u0000\u0001', 'line 1 is not the header of an asciicast'],
  ['[1]', 'line 1 is not the header of an asciicast'],
  ['{"version":1,"stdout":[]}', 'it is an asciicast of version 1'],
  ['{"version":4}\n', 'line 1 does not say that this is an asciicast of version 2 or 3'],
  ['{"version":2,"width":80}\n', 'line 1 does not tell the size of the terminal'],
  ['{"version":3,"term":{"cols":80,"rows":1e9}}\n', 'line 1 does not tell the size of the terminal'],
  [`${HEADER}[1, "o", "a"]\n[2, "o", "b`, 'it ends in the middle of line 3'],
  [`${HEADER}[1, "o", "a"]\n{"a":\n[1, "o", "b"]\n`, 'line 3 is not JSON'],
  [`${HEADER}{"a":1}\n`, 'line 2 is not an event'],
  [`${HEADER}["1", "o", "x"]\n`, 'line 2 is not an event'],
  [`${HEADER}[1, "o"]\n`, 'line 2 is not an event'],
  [`${HEADER}[1e999, "o", "x"]\n`, 'line 2 is not an event'],
  [HEADER + 'x'.repeat(17 * 1024 * 1024), 'a line of it has more than 16777216 characters'],
  [`${HEADER}${'['.repeat(100_000)}\n`, 'line 2 is not JSON'],
])('%# what is no recording is refused, with the line', async (text, why) => {
  await expect(read(text, [64 * 1024])).rejects.toThrow(why);
});
