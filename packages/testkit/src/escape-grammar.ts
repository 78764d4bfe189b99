import fc from 'fast-check';

// Everything that a terminal is written, at random: what is common comes often, what is malformed comes, too.

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 130 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 99_999 }) },
);
const parameters = fc.array(fc.option(number, { nil: '' }), { maxLength: 4 }).map((list) => list.join(';'));

const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom('世', '界', '한', 'é', 'e\u0301', '\u0301', '\u200d', '😀', '─', '、'), {
        maxLength: 12,
      })
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 60 }).map((count) => 'x'.repeat(count)),
  },
);
const control = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  '\b',
  '\t',
  '\v',
  '\f',
  '\x07',
  '\x0e',
  '\x0f',
  '\x18',
  '\x1a',
);

const colour = fc.oneof(
  fc.integer({ min: 0, max: 7 }).map((index) => `3${index}`),
  fc.integer({ min: 0, max: 7 }).map((index) => `4${index}`),
  fc.integer({ min: 90, max: 107 }).map(String),
  fc.tuple(fc.constantFrom(38, 48, 58), fc.nat(255)).map(([kind, index]) => `${kind};5;${index}`),
  fc.tuple(fc.constantFrom(38, 48, 58), fc.nat(255)).map(([kind, index]) => `${kind}:5:${index}`),
  fc
    .tuple(fc.constantFrom(38, 48), fc.nat(255), fc.nat(255), fc.nat(255))
    .map(([kind, ...rgb]) => `${kind};2;${rgb.join(';')}`),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([red, green]) => `58:2::${red}:${green}:7`),
  fc.constantFrom('39', '49', '59'),
);
const style = fc.constantFrom(
  '0',
  '1',
  '2',
  '3',
  '4',
  '4:0',
  '4:2',
  '4:3',
  '4:5',
  '5',
  '7',
  '8',
  '9',
  '21',
  '22',
  '23',
  '24',
  '25',
  '27',
  '28',
  '29',
  '53',
  '55',
);
const graphics = fc.array(fc.oneof(colour, style), { maxLength: 4 }).map((list) => `\x1b[${list.join(';')}m`);

const moves = fc
  .tuple(parameters, fc.constantFrom(...letters('ABCDEFGHIZ`abdef')))
  .map(([given, final]) => `\x1b[${given}${final}`);
const edits = fc
  .tuple(parameters, fc.constantFrom(...letters('@JKLMPSTX')))
  .map(([given, final]) => `\x1b[${given}${final}`);
const rarer = fc.constantFrom(
  '\x1b[?J',
  '\x1b[?K',
  '\x1b[1"q',
  '\x1b[0"q',
  "\x1b[2'}",
  "\x1b[2'~",
  '\x1b[2 @',
  '\x1b[2 A',
  '\x1b[3g',
  '\x1b[g',
  '\x1bH',
);
const region = fc
  .tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 14 }))
  .map(([top, bottom]) => `\x1b[${top};${bottom}r`);

/** Modes that xterm.js holds, that are tracked, and that nobody knows. */
const MODES = [
  1, 3, 5, 6, 7, 9, 12, 25, 45, 47, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1034, 1047,
  1048, 1049, 2004, 2026, 2027, 2031, 9001,
];
const modes = fc.oneof(
  fc
    .tuple(fc.array(fc.constantFrom(...MODES), { minLength: 1, maxLength: 3 }), fc.constantFrom('h', 'l'))
    .map(([list, final]) => `\x1b[?${list.join(';')}${final}`),
  fc.constantFrom('\x1b[4h', '\x1b[4l', '\x1b[20h', '\x1b[20l', '\x1b=', '\x1b>'),
);
const screens = fc.constantFrom(
  '\x1b[?1049h',
  '\x1b[?1049l',
  '\x1b[?47h',
  '\x1b[?47l',
  '\x1b[?1047h',
  '\x1b[?1047l',
);
const saving = fc.constantFrom('\x1b7', '\x1b8', '\x1b[s', '\x1b[u', '\x1b[?1048h', '\x1b[?1048l');
const charsets = fc.oneof(
  fc
    .tuple(fc.constantFrom(...letters('()*+')), fc.constantFrom(...letters('0AB4CRQKYEZH7=')))
    .map(([slot, final]) => `\x1b${slot}${final}`),
  fc.constantFrom('\x0e', '\x0f', '\x1bn', '\x1bo', '\x1b|', '\x1b}', '\x1b~', '\x1b%G', '\x1b%@'),
);
const keyboard = fc.oneof(
  fc.tuple(fc.constantFrom('>', '<', '='), parameters).map(([prefix, given]) => `\x1b[${prefix}${given}u`),
  fc.tuple(fc.nat(5), fc.nat(3)).map(([resource, value]) => `\x1b[>${resource};${value}m`),
  fc.constantFrom('\x1b[>m', '\x1b[>4m', '\x1b[>4;m'),
);
const cursors = fc.integer({ min: 0, max: 8 }).map((shape) => `\x1b[${shape} q`);
const strings = fc
  .tuple(
    fc.oneof(
      fc
        .tuple(fc.constantFrom(0, 1, 2, 7), fc.string({ unit: 'grapheme', maxLength: 10 }))
        .map(([code, of]) => `${code};${clean(of)}`),
      fc.constantFrom('8;;', '8;;https://a/b', '8;id=x;https://c', '8;id=;https://d;e', '8;id=x;'),
      fc.constantFrom(
        '4;1;rgb:00/11/22',
        '4;7;#abcdef;9;?',
        '4;300;red',
        '104',
        '104;1',
        '10;#123456',
        '11;?',
        '10;#111;#222;#333',
        '110',
        '111',
        '112',
        '12;blue',
      ),
      fc.constantFrom('133;A', '133;B', '133;C', '133;D;1', '52;c;aGk=', '1337;x=y'),
    ),
    fc.constantFrom('\x07', '\x1b\\', '\u009c'),
  )
  .map(([of, end]) => `\x1b]${of}${end}`);
const others = fc.constantFrom(
  '\x1bD',
  '\x1bE',
  '\x1bM',
  '\x1b#8',
  '\x1b[!p',
  '\x1bc',
  '\x1b[6n',
  '\x1b[c',
  '\x1b[>c',
  '\x1b[?1$p',
  '\x1bP$qm\x1b\\',
  '\x1bPq#0~\x1b\\',
  '\x1b_Gi=1;AAAA\x1b\\',
  '\x1b^pm\x1b\\',
);
const malformed = fc.constantFrom(
  '\x1b',
  '\x1b[',
  '\x1b[3',
  '\x1b[3;',
  '\x1b]0;never',
  '\x1bP',
  '\x1b(',
  '\x1b[?',
  '\x1b[1é',
  '\u009b3m',
  '\u0085',
  '\u0084',
  '\u008d',
  '\u009d2;t\u009c',
  '\x1b[1:2:3m',
  '\x1b[>',
  '\x1bX',
  '\x1b_é',
);

/** One thing that a program may write. */
export const sequence = fc.oneof(
  { weight: 14, arbitrary: text },
  { weight: 6, arbitrary: control },
  { weight: 6, arbitrary: graphics },
  { weight: 5, arbitrary: moves },
  { weight: 5, arbitrary: edits },
  { weight: 2, arbitrary: rarer },
  { weight: 1, arbitrary: region },
  { weight: 3, arbitrary: modes },
  { weight: 1, arbitrary: screens },
  { weight: 2, arbitrary: saving },
  { weight: 2, arbitrary: charsets },
  { weight: 1, arbitrary: keyboard },
  { weight: 1, arbitrary: cursors },
  { weight: 2, arbitrary: strings },
  { weight: 1, arbitrary: others },
  { weight: 1, arbitrary: malformed },
);

function letters(text: string): string[] {
  return text.split('');
}

/** Without what would end the string that it is put into. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}]/gu, '');
}
