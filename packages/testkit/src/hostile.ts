import fc from 'fast-check';

/** No parser needs so long for what fits into a test, on a machine with ten times its load. */
const SLOW_MS = 2_000;
/** What a parser may take beside what it was given: tables, strings, a chunk. */
const MEMORY_BYTES = 16 * 1024 * 1024;

/** How often a property is tried: the long run tries `HOLDFAST_FUZZ_FACTOR` times as often. */
export function fuzzRuns(short: number): { numRuns: number } {
  return { numRuns: short * Number(process.env['HOLDFAST_FUZZ_FACTOR'] ?? 1) };
}

/** What became of hostile input. */
export type Outcome<Result> =
  | { readonly kind: 'accepted'; readonly result: Result }
  | { readonly kind: 'refused'; readonly error: Error };

export interface JudgeOptions {
  /** How much memory outside of the heap the parser may take. */
  readonly memoryBytes?: number;
}

/**
 * Gives hostile input to a parser. Throws if the parser fails by a fault of its own rather than by a complaint, takes long, or
 * takes memory by a number that it has only been told.
 */
export function judge<Result>(
  parse: () => Result,
  { memoryBytes = MEMORY_BYTES }: JudgeOptions = {},
): Outcome<Result> {
  const { external: before } = process.memoryUsage();
  const startedMs = performance.now();
  const outcome = attempt(parse);
  const tookMs = performance.now() - startedMs;
  const took = process.memoryUsage().external - before;
  if (outcome.kind === 'refused' && !isComplaint(outcome.error))
    throw new Error('the parser fails, and does not complain', { cause: outcome.error });
  if (tookMs > SLOW_MS) throw new Error(`the parser takes ${tookMs} ms`);
  if (took > memoryBytes) throw new Error(`the parser takes ${took} bytes`);
  return outcome;
}

/** A place within something, evenly: most doubles are next to 0. */
const share = fc.nat(0xffff).map((part) => part / 0x10000);

/** Texts that are nearly these documents: damaged, cut, with values and names that none of them has, and what is no JSON at all. */
export function hostileJson(...documents: readonly [object, ...object[]]): fc.Arbitrary<string> {
  const changed = fc.constantFrom(...documents).chain((document) => changedDocument(document));
  return fc.oneof(
    { weight: 8, arbitrary: changed },
    { weight: 2, arbitrary: fc.tuple(changed, damage).map(([text, damaged]) => damaged(text)) },
    { weight: 1, arbitrary: hostileValue },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
}

/** Bytes that are nearly these: cut, joined, with some of them changed and numbers among them made huge, and random ones. */
export function hostileBytes(...samples: readonly [Uint8Array, ...Uint8Array[]]): fc.Arbitrary<Buffer> {
  const sample = fc.constantFrom(...samples).map((bytes) => Buffer.from(bytes));
  const changed = fc.tuple(sample, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) => {
    const copy = Buffer.from(bytes);
    for (const { place, put } of changes) put.copy(copy, Math.floor(place * copy.length));
    return copy;
  });
  const cut = fc
    .tuple(changed, share)
    .map(([bytes, share]) => bytes.subarray(0, Math.floor(share * bytes.length)));
  return fc.oneof(
    { weight: 6, arbitrary: changed },
    { weight: 2, arbitrary: cut },
    { weight: 2, arbitrary: fc.tuple(cut, changed).map((parts) => Buffer.concat(parts)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** Values that parsers stumble over, as JSON: some of them no JavaScript value has. */
const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '""',
    '0',

    '-1',
    '1.5',
    '1e999',
    '-1e999',
    '5e-324',
  ),
  fc.constantFrom(
    '255',
    '65536',
    '2147483648',
    '4294967295',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
  ),
  fc.constantFrom(
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00x"',
    '"../../x"',
    '"__proto__"',
    '"constructor"',
    '"\\n"',
  ),
  fc.constantFrom(
    '{"__proto__":null}',
    '{"__proto__":{"type":"x"}}',
    '{"constructor":{"prototype":{}}}',
    '{"length":1e9}',
  ),
  fc.integer({ min: 1, max: 5_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
  fc.integer({ min: 1, max: 2_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.integer({ min: 1, max: 20_000 }).map((length) => JSON.stringify('x'.repeat(length))),
  fc.json(),
);
const hostileName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length', 'toJSON', ''),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

/** Stands for a text of JSON while a document is made; no sample has it. */
const PLACE = '\u0001 hostile \u0001';

function changedDocument(document: object): fc.Arbitrary<string> {
  const paths = pathsOf(document);
  const path = paths.length === 0 ? fc.constant([]) : fc.constantFrom(...paths);
  const act = fc.constantFrom('replace', 'remove', 'add', 'keep');
  return fc.tuple(path, act, hostileValue, hostileName).map(([path, act, value, name]) => {
    const copy: unknown = structuredClone(document);
    const owner = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
    const fields = owner as Record<string, unknown>;
    const last = path.at(-1) ?? '';
    if (act === 'replace') fields[last] = PLACE;
    if (act === 'remove') delete fields[last];
    if (act === 'add' && Array.isArray(owner)) owner.push(PLACE);
    else if (act === 'add') addField(fields, name);
    return JSON.stringify(copy).replace(JSON.stringify(PLACE), () => value);
  });
}

/** By definition and not by assignment, which would set the prototype. */
function addField(fields: object, name: string): void {
  Object.defineProperty(fields, name, { value: PLACE, enumerable: true, configurable: true, writable: true });
}

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [...path, key],
    ...pathsOf((value as Record<string, unknown>)[key], [...path, key]),
  ]);
}

/** What a disk or a wire makes of a text. */
const damage: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((share) => (text: string) => text.slice(0, Math.floor(share * text.length))),
  fc.constantFrom('\0', '}', ']', '"', '\n', '\ufeff', 'x').map((more) => (text: string) => text + more),
  fc.constantFrom('\0', '\ufeff', '\n', ',').map((more) => (text: string) => more + text),
  fc.constant((text: string) => text + text),
  fc
    .tuple(share, fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }))
    .map(([share, put]) => (text: string) => {
      const at = Math.floor(share * text.length);
      return text.slice(0, at) + put + text.slice(at + put.length);
    }),
);

const change = fc.record({
  place: share,
  put: fc.oneof(
    fc
      .constantFrom(
        'ffffffff',
        'ffffff7f',
        '7fffffff',
        '00000000',
        '00000080',
        'ffffffffffffffff',
        'ffffffffffff1f00',
        '00',
      )
      .map((hex) => Buffer.from(hex, 'hex')),
    // Not a number, and no end, as doubles.
    fc
      .constantFrom('000000000000f87f', '000000000000f07f', '000000000000f0ff')
      .map((hex) => Buffer.from(hex, 'hex')),
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  ),
});

function attempt<Result>(parse: () => Result): Outcome<Result> {
  try {
    return { kind: 'accepted', result: parse() };
  } catch (error) {
    return {
      kind: 'refused',
      error: error instanceof Error ? error : new TypeError(`it throws ${String(error)}`),
    };
  }
}

/** These are thrown by what nobody has thought of: a property of undefined, a stack that is full, a length that no buffer has. */
function isComplaint(error: Error): boolean {
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}
