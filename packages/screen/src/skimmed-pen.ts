const SEMICOLON = 0x3b;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** Attributes that an SGR parameter can set, each with the last that has. */
const ATTRIBUTES = [
  'weight',
  'bold',
  'dim',
  'italic',
  'underline',
  'blink',
  'inverse',
  'invisible',
  'strike',
  'overline',
  'foreground',
  'background',
  'underline colour',
] as const;
type Attribute = (typeof ATTRIBUTES)[number];
const UNSET = '';

const ATTRIBUTE_OF: (number | undefined)[] = Array.from({ length: 108 }, (_, code) => {
  const attribute = attributeOf(code);
  return attribute && ATTRIBUTES.indexOf(attribute);
});
const [WEIGHT, BOLD, DIM] = [0, 1, 2];
const EXTENDED_COLOURS: Readonly<Record<number, number>> = {
  38: ATTRIBUTES.indexOf('foreground'),
  48: ATTRIBUTES.indexOf('background'),
  58: ATTRIBUTES.indexOf('underline colour'),
};

/** What SGR sequences have set since the pen was last taken: of each attribute the last. */
export class SkimmedPen {
  #isReset = false;
  #isTouched = false;
  /** By attribute: a parameter, or its number. */
  readonly #set: (string | number)[] = ATTRIBUTES.map(() => UNSET);
  #protection: string | undefined;

  reset(): void {
    this.forget();
    this.#isReset = true;
    this.#isTouched = true;
  }

  /** The pen is now another, that nobody knows here. */
  forget(): void {
    this.#protection = undefined;
    this.#isReset = false;
    if (!this.#isTouched) return;
    this.#isTouched = false;
    for (let index = 0; index < this.#set.length; index += 1) this.#set[index] = UNSET;
  }

  protect(parameter: string): void {
    this.#protection = parameter;
  }

  /** The parameters of one sequence, from `at` to `end`. */
  select(bytes: Buffer, from: number, end: number): void {
    for (let at = from; at <= end; ) {
      let code = 0;
      const begin = at;
      while (at < end && (bytes[at] ?? 0) >= DIGIT_0 && (bytes[at] ?? 0) <= DIGIT_9)
        code = code * 10 + (bytes[at++] ?? 0) - DIGIT_0;
      const hasMore = at < end && bytes[at] !== SEMICOLON; // parameters of the parameter
      if (hasMore) while (at < end && bytes[at] !== SEMICOLON) at += 1;
      const colour = EXTENDED_COLOURS[code];
      if (colour !== undefined) {
        // The colour's own numbers follow.
        if (!hasMore) at = endOfColour(bytes, at, end);
        this.#put(colour, bytes.toString('latin1', begin, at));
      } else this.#one(code, hasMore ? bytes.toString('latin1', begin, at) : code);
      at += 1;
    }
  }

  #put(attribute: number, parameter: string | number): void {
    this.#set[attribute] = parameter;
    this.#isTouched = true;
  }

  #one(code: number, parameter: string | number): void {
    if (code === 0) {
      this.reset();
      return;
    }
    if (code === 22) {
      // Bold and dim end together; it comes before them when the pen is taken.
      this.#put(BOLD, UNSET);
      this.#put(DIM, UNSET);
      this.#put(WEIGHT, 22);
      return;
    }
    const attribute = ATTRIBUTE_OF[code];
    if (attribute !== undefined) this.#put(attribute, parameter);
  }

  /** The sequence that sets it all, relative to the pen before. */
  take(): string {
    const protection = this.#protection === undefined ? '' : `\x1b[${this.#protection}"q`;
    if (!this.#isTouched) {
      this.#protection = undefined;
      return protection;
    }
    const parameters = this.#set.filter((parameter) => parameter !== UNSET);
    if (this.#isReset) parameters.unshift(0);
    this.forget();
    return `\x1b[${parameters.join(';')}m${protection}`;
  }
}

/** `at` is behind 38, 48 or 58; two or four more numbers belong to it. */
function endOfColour(bytes: Buffer, at: number, end: number): number {
  const mode = bytes[at + 1];
  let left = mode === 0x35 ? 2 : mode === 0x32 ? 4 : 0;
  let behind = at;
  while (left > 0 && behind < end) {
    behind += 1;
    while (behind < end && bytes[behind] !== SEMICOLON) behind += 1;
    left -= 1;
  }
  return behind;
}

function attributeOf(code: number): Attribute | undefined {
  if (code === 1) return 'bold';
  if (code === 2) return 'dim';
  if (code === 3 || code === 23) return 'italic';
  if (code === 4 || code === 21 || code === 24) return 'underline';
  if (code === 5 || code === 25) return 'blink';
  if (code === 7 || code === 27) return 'inverse';
  if (code === 8 || code === 28) return 'invisible';
  if (code === 9 || code === 29) return 'strike';
  if (code === 53 || code === 55) return 'overline';
  if ((code >= 30 && code <= 37) || code === 39 || (code >= 90 && code <= 97)) return 'foreground';
  if ((code >= 40 && code <= 47) || code === 49 || (code >= 100 && code <= 107)) return 'background';
  return code === 59 ? 'underline colour' : undefined;
}
