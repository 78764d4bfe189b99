import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DetachKeys, parsePrefixKey } from './detach-keys.ts';

const PREFIXES = {
  plain: '\x1d',
  kitty: '\x1b[93;5u',
  kittyPress: '\x1b[93;5:1u',
  capsLock: '\x1b[93;69u',
  xterm: '\x1b[27;5;93~',
};
const DETACHES = { plain: 'd', kitty: '\x1b[100u', kittyPress: '\x1b[100;1:1u' };

describe.each(Object.entries(PREFIXES))('prefix as %s', (_, prefix) => {
  test.each(Object.entries(DETACHES))('then d as %s detaches, and neither is typed', (__, d) => {
    const typed = type(`ls\r${prefix}${d}more`);
    expect(typed).toEqual({ out: 'ls\r', isDetached: true });
  });

  test('twice types one', () => {
    expect(type(`a${prefix}${prefix}d`)).toEqual({ out: `a${prefix}d`, isDetached: false });
  });

  test('then another key types both', () => {
    expect(type(`${prefix}x${prefix}\x1b[A`)).toEqual({
      out: `${prefix}x${prefix}\x1b[A`,
      isDetached: false,
    });
  });
});

test('releasing keys and holding modifiers between prefix and d changes nothing', () => {
  const released = '\x1b[93;5:3u\x1b[57442;5:3u';
  expect(type(`\x1b[93;5:1u${released}\x1b[100;1:1u`)).toEqual({ out: '', isDetached: true });
  expect(type(`\x1b[93;5:1u${released}x`)).toEqual({ out: `\x1b[93;5:1u${released}x`, isDetached: false });
});

test('what is pasted is never a detach key', () => {
  const pasted = '\x1b[200~\x1dd \x1b[93;5ud\x1b[201~';
  expect(type(pasted)).toEqual({ out: pasted, isDetached: false });
  expect(type(`${pasted}\x1dd`)).toEqual({ out: pasted, isDetached: true });
});

test('a lone Escape is typed at once, and the beginning of a key report only after a while', () => {
  const keys = new DetachKeys(parsePrefixKey('', 'ctrl-]'));
  expect(text(keys.push(bytes('\x1b')))).toBe('\x1b');
  expect(keys.isWaiting).toBe(false);
  expect(text(keys.push(bytes('x\x1b[')))).toBe('x');
  expect(keys.isWaiting).toBe(true);
  expect(text(keys.flush())).toBe('\x1b[');
  expect(text(keys.push(bytes('A')))).toBe('A');
});

test('without a prefix everything is typed', () => {
  const keys = new DetachKeys(parsePrefixKey('', 'none'));
  expect(text(keys.push(bytes('\x1dd')))).toBe('\x1dd');
});

test('however reads cut what is typed, nothing is lost, repeated or reordered', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\x1d',
      'd',
      'x',
      '\x1b',
      '\x1b[',
      '\x1b[93;5u',
      '\x1b[100u',
      '\x1b[27;5;93~',
      '\x1b[A',
      '\x1b[200~',
      '\x1b[201~',
      '\x1b[93;5:3u',
      ';5u',
      '[93',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(8), { minLength: 1, maxLength: 30 }),
      (pieces, cuts) => {
        const whole = pieces.join('');
        const expected = type(whole);
        const cut = typeInPieces(whole, cuts);
        expect(cut.isDetached).toBe(expected.isDetached);
        // A lone Escape at a cut has been typed already when the rest shows that it began a prefix.
        expect(withoutEscapes(cut.out)).toBe(withoutEscapes(expected.out));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('without a prefix in it, typing passes through byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 16 }), { maxLength: 8 }), (chunks) => {
      const harmless = chunks.map((chunk) => chunk.map((byte) => (byte === 0x1d ? 0 : byte)));
      fc.pre(!Buffer.concat(harmless).includes('\x1b[93') && !Buffer.concat(harmless).includes('\x1b[27;'));
      const keys = new DetachKeys(parsePrefixKey('', 'ctrl-]'));
      const out = harmless.map((chunk) => Buffer.from(keys.push(chunk)));
      out.push(Buffer.from(keys.flush()));
      expect(Buffer.concat(out)).toEqual(Buffer.concat(harmless));
    }),
  );
});

describe('the prefix key', () => {
  test.each([
    ['ctrl-]', 0x1d],
    ['ctrl-a', 1],
    ['CTRL-B', 2],
    ['^\\', 0x1c],
    ['ctrl-_', 0x1f],
  ])('%s sends byte %d', (label, byte) => {
    expect(parsePrefixKey('--detach-key', label)?.byte).toBe(byte);
  });

  test.each(['a', 'ctrl-', 'ctrl-ab', 'alt-x', '', 'ctrl-1'])('"%s" is refused', (label) => {
    expect(() => parsePrefixKey('--detach-key', label)).toThrow('--detach-key must be like ctrl-]');
  });

  test.each(['ctrl-m', 'ctrl-i', 'ctrl-j', 'ctrl-['])('%s would take another key away', (label) => {
    expect(() => parsePrefixKey('--detach-key', label)).toThrow('that is the');
  });
});

function type(typed: string): { out: string; isDetached: boolean } {
  return typeInPieces(typed, [typed.length]);
}

function typeInPieces(typed: string, cuts: readonly number[]): { out: string; isDetached: boolean } {
  const keys = new DetachKeys(parsePrefixKey('', 'ctrl-]'));
  const whole = bytes(typed);
  const out: Buffer[] = [];
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const length = Math.max(1, cuts[index % cuts.length] ?? 1);
    out.push(Buffer.from(keys.push(whole.subarray(at, at + length))));
    at += length;
  }
  out.push(Buffer.from(keys.flush()));
  return { out: text(Buffer.concat(out)), isDetached: keys.isDetached };
}

function withoutEscapes(typed: string): string {
  return typed.replaceAll('\x1b', '');
}

function bytes(typed: string): Buffer {
  return Buffer.from(typed, 'latin1');
}

function text(typed: Uint8Array): string {
  return Buffer.from(typed).toString('latin1');
}
