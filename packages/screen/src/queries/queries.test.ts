import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findQueries } from './find-queries.ts';
import { QueryFilter } from './query-filter.ts';
import { repliesIn } from './replies.ts';

const QUERIES = [
  '\x1b[c',
  '\x1b[0c',
  '\x1b[>c',
  '\x1b[=0c',
  '\x1b[5n',
  '\x1b[6n',
  '\x1b[?6n',
  '\x1b[?996n',
  '\x1b[20$p',
  '\x1b[?2026$p',
  '\x1b[>q',
  '\x1b[>0q',
  '\x1b[?u',
  '\x1b[?4m',
  '\x1b[14t',
  '\x1b[14;2t',
  '\x1b[18t',
  '\x1b[21t',
  '\x1b[?1;1;0S',
  '\x1b[x',
  '\x1b]4;1;?\x07',
  '\x1b]4;1;?;2;?\x1b\\',
  '\x1b]10;?\x07',
  '\x1b]11;?\x1b\\',
  '\x1b]12;?\x07',
  '\x1b]10;?;?\x07',
  '\x1b]21;foreground=?\x1b\\',
  '\x1b]52;c;?\x07',
  '\x1bP$qm\x1b\\',
  '\x1bP$q q\x1b\\',
  '\x1bP+q544e;436f\x1b\\',
  '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\',
];
const OTHERS = [
  'text',
  'c',
  '\x1b[m',
  '\x1b[1;31m',
  '\x1b[2c\x07',
  '\x1b[>1u',
  '\x1b[<u',
  '\x1b[=1;1u',
  '\x1b[u',
  '\x1b[0n',
  '\x1b[5;6R',
  '\x1b[8;24;80t',
  '\x1b[22;0t',
  '\x1b[?1;2c',
  '\x1b[2 q',
  '\x1b[1"q',
  '\x1b[!p',
  '\x1b[2S',
  '\x1b]4;1;red\x07',
  '\x1b]11;rgb:00/00/00\x1b\\',
  '\x1b]0;what?\x07',
  '\x1b]8;;https://a/?\x1b\\',
  '\x1bPq#0\x1b\\',
  '\x1bP1$r0m\x1b\\',
  '\x1b_Ga=T,f=100;AAAA\x1b\\',
  '\x1b7',
  '\x1b(B',
  'é世',
];

function found(text: string): string[] {
  const bytes = Buffer.from(text);
  const queries: string[] = [];
  expect(findQueries(bytes, (from, to) => queries.push(bytes.toString('latin1', from, to)))).toBe(
    bytes.length,
  );
  return queries;
}

const pieces = fc.array(fc.constantFrom(...QUERIES, ...OTHERS), { maxLength: 12 });
const cuts = fc.array(fc.nat(200), { maxLength: 20 });

/** The text in pieces that end at these places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const ends = [...new Set([...places.map((place) => Math.min(place, bytes.length)), bytes.length])];
  const sorted = ends.toSorted((a, b) => a - b);
  return sorted.map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end));
}

describe('findQueries', () => {
  test.each(QUERIES)('finds %j', (query) => {
    expect(found(query)).toEqual([query]);
    expect(found(`a${query}b\x1b[m`)).toEqual([query]);
  });

  test.each(OTHERS)('does not take %j for a query', (other) => {
    expect(found(`${other}\x1b[m`)).toEqual([]);
  });

  test('stops where a sequence is not complete, at each place where one can be cut', () => {
    for (const query of QUERIES) {
      const bytes = Buffer.from(`text${query}`);
      for (let length = 5; length < bytes.length; length += 1) {
        const none = () => expect.unreachable(`${JSON.stringify(query)} is cut at ${length}`);
        expect(findQueries(bytes.subarray(0, length), none)).toBe(4);
      }
    }
  });

  test('waits for no sequence that is longer than any query', () => {
    for (const begin of ['\x1b[', '\x1b]11;', '\x1bP$q', '\x1b_Ga=q;']) {
      const bytes = Buffer.from(begin + '1'.repeat(8_192));
      expect(findQueries(bytes, () => undefined)).toBe(bytes.length);
    }
  });

  test('stops behind as many sequences as it may look at', () => {
    const bytes = Buffer.from('\x1b[m\x1b[c\x1b[c');
    const queries: number[] = [];
    expect(findQueries(bytes, (from) => queries.push(from), 2)).toBe(6);
    expect(queries).toEqual([3]);
  });
});

describe('QueryFilter', () => {
  test('lets through everything but queries, however it is cut', () => {
    fc.assert(
      fc.property(pieces, cuts, (parts, places) => {
        const filter = new QueryFilter();
        const out = cut(parts.join(''), places).map((piece) => Buffer.from(filter.push(piece, Infinity)));
        const kept = parts.filter((part) => !QUERIES.includes(part)).join('');
        expect(Buffer.concat(out).toString()).toBe(kept);
      }),
    );
  });

  test('lets through exactly the queries whose last byte is where it may answer, however it is cut', () => {
    fc.assert(
      fc.property(pieces, cuts, fc.nat(200), (parts, places, from) => {
        const filter = new QueryFilter();
        let offset = 0;
        const out = cut(parts.join(''), places).map((piece) => {
          const passed = Buffer.from(filter.push(piece, from - offset));
          offset += piece.length;
          return passed;
        });
        let end = 0;
        const kept = parts.filter((part) => {
          end += Buffer.byteLength(part);
          return !QUERIES.includes(part) || end > from;
        });
        expect(Buffer.concat(out).toString()).toBe(kept.join(''));
      }),
    );
  });

  test('leaves what is set beside what is asked', () => {
    const filter = new QueryFilter();
    const passed = (text: string) => Buffer.from(filter.push(Buffer.from(text), Infinity)).toString();
    expect(passed('\x1b]4;1;red;2;?;3;blue\x07')).toBe('\x1b]4;1;red\x07\x1b]4;3;blue\x07');
    expect(passed('\x1b]10;#fff;?;#123456\x1b\\')).toBe('\x1b]10;#fff\x1b\\\x1b]12;#123456\x1b\\');
  });
});

describe('repliesIn', () => {
  const REPLIES = [
    '\x1b[?62;22c',
    '\x1b[>0;276;0c',
    '\x1bP!|00000000\x1b\\',
    '\x1b[0n',
    '\x1b[12;40R',
    '\x1b[?12;40;1R',
    '\x1b[?2026;2$y',
    '\x1b[4;2$y',
    '\x1bP>|iTerm2 3.6.0\x1b\\',
    '\x1b[?5u',
    '\x1b]4;1;rgb:cdcd/0000/0000\x07',
    '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\',
    '\x1b[4;480;800t',
    '\x1b[6;20;10t',
    '\x1b[8;24;80t',
    '\x1bP1$r0;1m\x1b\\',
    '\x1bP1+r544E=787465726D\x1b\\',
    '\x1b_Gi=31;OK\x1b\\',
  ];
  const KEYS = [
    'a',
    '\x1b',
    '\x1b[A',
    '\x1bOP',
    '\x1b[1;5C',
    '\x1b[97;5u',
    '\x1b[27;5;97~',
    '\x1b[I',
    '\x1bc',
  ];
  const MORE_KEYS = [
    ...['2', '5', '16'].map((modifiers) => `\x1b[1;${modifiers}R`),
    '\x1b[<0;10;20M',
    '\x1b[200~\x1b[?1;2c\x1b[201~',
    '\x1b]11;rgb:0\r/0/0\x07',
    '',
  ];

  test.each(REPLIES)('knows %j', (reply) => {
    expect(repliesIn(Buffer.from(reply))).toEqual([reply]);
  });

  test.each([...KEYS, ...MORE_KEYS])('takes %j for typed', (keys) => {
    expect(repliesIn(Buffer.from(keys))).toBeUndefined();
  });

  test('knows several, and nothing where a key is among them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...REPLIES), { minLength: 1 }), (replies) => {
        expect(repliesIn(Buffer.from(replies.join('')))).toEqual(replies);
        expect(repliesIn(Buffer.from(`${replies.join('')}x`))).toBeUndefined();
      }),
    );
  });
});
