// A cell of a line: three words, see xterm.js src/common/buffer/Constants.ts.

export const WORDS = 3;

// Of the first, the content word.
export const HAS_CONTENT = 0x3fffff;
export const IS_COMBINED = 0x200000;
export const CODE_POINT = 0x1fffff;
export const WIDTH_SHIFT = 22;
/** Empty, one column wide. */
export const EMPTY_CELL = 1 << WIDTH_SHIFT;

/** Of the third, the background word: there is more to it than the words hold. */
export const HAS_EXTENDED = 0x10000000;
