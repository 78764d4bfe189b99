import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from './errors.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  type AckFrameType,
  type DataFrameType,
  encodeAck,
  encodeControl,
  encodeData,
  FRAME,
  writeDataHeader,
} from './frames.ts';
import { LIMITS } from './limits.ts';

type Frame =
  | { kind: 'control'; message: object }
  | { kind: 'data'; type: DataFrameType; channel: number; offset: number; bytes: Uint8Array }
  | { kind: 'ack'; type: AckFrameType; channel: number; offset: number };

const everything = Object.values(FRAME);

/** Keeps what it is told. */
class Collector implements FrameSink {
  readonly frames: Frame[] = [];

  control(json: string): void {
    this.frames.push({ kind: 'control', message: JSON.parse(json) as object });
  }

  data(type: DataFrameType, channel: number, offset: number, bytes: Uint8Array): void {
    this.frames.push({ kind: 'data', type, channel, offset, bytes: bytes.slice() });
  }

  ack(type: AckFrameType, channel: number, offset: number): void {
    this.frames.push({ kind: 'ack', type, channel, offset });
  }
}

/** Data in one piece for each run of one channel: what a subscriber sees, however the stream was cut. */
function joined(frames: readonly Frame[]): Frame[] {
  const result: Frame[] = [];
  for (const frame of frames) {
    const last = result.at(-1);
    if (frame.kind === 'data' && frame.bytes.length === 0) continue;
    const continues =
      frame.kind === 'data' &&
      last?.kind === 'data' &&
      last.type === frame.type &&
      last.channel === frame.channel &&
      last.offset + last.bytes.length === frame.offset;
    if (continues) last.bytes = Uint8Array.from([...last.bytes, ...frame.bytes]);
    else result.push({ ...frame });
  }
  return result;
}

function encode(frame: Frame): Uint8Array {
  if (frame.kind === 'control') return encodeControl(frame.message);
  return frame.kind === 'data' ? encodeData(frame) : encodeAck(frame);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const channel = fc.integer({ min: 0, max: 0xffff_ffff });
const offset = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer({ min: 0xffff_ff00, max: 0x1_0000_0100 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1_000 }),
);
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('control' as const),
    message: fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()).map(toJson),
  }),
  fc.record({
    kind: fc.constant('data' as const),
    type: fc.constantFrom(FRAME.OUTPUT, FRAME.INPUT),
    channel,
    offset,
    bytes: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant('ack' as const),
    type: fc.constantFrom(FRAME.OUTPUT_ACK, FRAME.INPUT_ACK),
    channel,
    offset,
  }),
);

/** As JSON carries it: -0 becomes 0. */
function toJson(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}

/** Feeds the stream in pieces of the given lengths, over and over. */
function feed(reader: FrameReader, stream: Uint8Array, lengths: readonly number[]): void {
  for (let at = 0, index = 0; at < stream.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    reader.push(stream.subarray(at, at + length));
    at += length;
  }
}

describe('a stream of frames', () => {
  test('gives the same frames wherever it is cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), cuts, (frames, lengths) => {
        const sink = new Collector();
        feed(new FrameReader(sink, { accepts: everything }), concatenated(frames.map(encode)), lengths);
        expect(joined(sink.frames)).toEqual(joined(frames));
      }),
      { numRuns: 500 },
    );
  });

  test('that is garbage is refused with a code, or delivered, and nothing else', () => {
    const length = fc.integer({ min: 0, max: 70 }).map((value) => Uint8Array.of(value, 0, 0, 0));
    const likely = fc.tuple(length, fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 80 }));
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .array(likely, { maxLength: 10 })
        .map((parts) =>
          concatenated(parts.map(([head, type, rest]) => Uint8Array.of(...head, type, ...rest))),
        ),
    );
    const sink: FrameSink = { control: () => undefined, data: () => undefined, ack: () => undefined };
    fc.assert(
      fc.property(garbage, fc.integer({ min: 1, max: 50 }), (stream, cut) => {
        try {
          feed(new FrameReader(sink, { accepts: everything, maxControlBytes: 64 }), stream, [cut]);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          expect(['E_PROTOCOL', 'E_LIMIT']).toContain((error as HoldfastError).code);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('hands on data as views of what came in, without waiting for the whole frame', () => {
    const sink = new Collector();
    const reader = new FrameReader(sink, { accepts: [FRAME.OUTPUT] });
    const stream = encodeData({
      type: FRAME.OUTPUT,
      channel: 7,
      offset: 100,
      bytes: Uint8Array.of(1, 2, 3, 4, 5),
    });
    reader.push(stream.subarray(0, 19));
    expect(sink.frames).toEqual([
      { kind: 'data', type: FRAME.OUTPUT, channel: 7, offset: 100, bytes: Uint8Array.of(1, 2) },
    ]);
    reader.push(stream.subarray(19));
    expect(sink.frames[1]).toMatchObject({ offset: 102, bytes: Uint8Array.of(3, 4, 5) });
  });
});

describe('the layout on the wire', () => {
  test('is little-endian: length, type, channel, offset, bytes', () => {
    const data = {
      type: FRAME.INPUT,
      channel: 0x0403_0201,
      offset: 0x0001_0203_0405_0607,
      bytes: Uint8Array.of(0xaa, 0xbb),
    } as const;
    expect([...encodeData(data)]).toEqual([15, 0, 0, 0, 4, 1, 2, 3, 4, 7, 6, 5, 4, 3, 2, 1, 0, 0xaa, 0xbb]);
    expect([...encodeAck({ type: FRAME.OUTPUT_ACK, channel: 1, offset: 2 })]).toEqual([
      13, 0, 0, 0, 3, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect([...encodeControl({ ü: 1 })]).toEqual([9, 0, 0, 0, 1, ...new TextEncoder().encode('{"ü":1}')]);
    const header = new Uint8Array(17);
    const { bytes, ...rest } = data;
    expect(writeDataHeader(header, { ...rest, byteCount: bytes.length })).toBe(17);
    expect(header).toEqual(encodeData(data).subarray(0, 17));
  });
});

describe('what is refused', () => {
  const header = (length: number, type: number, ...rest: number[]) => {
    const bytes = new Uint8Array(5 + rest.length);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bytes[4] = type;
    bytes.set(rest, 5);
    return bytes;
  };
  const zeros = (count: number) => Array.from({ length: count }, () => 0);

  test.for<[string, Uint8Array, string]>([
    ['a length of nothing', header(0, FRAME.CONTROL), 'E_PROTOCOL'],
    ['a length of nothing, of data', header(0, FRAME.OUTPUT), 'E_PROTOCOL'],
    ['an empty control frame', header(1, FRAME.CONTROL), 'E_PROTOCOL'],
    ['an unknown type', header(1, 6), 'E_PROTOCOL'],
    ['type 0', header(1, 0), 'E_PROTOCOL'],
    ['data without a whole header', header(12, FRAME.INPUT), 'E_PROTOCOL'],
    ['an acknowledgement that carries bytes', header(14, FRAME.INPUT_ACK), 'E_PROTOCOL'],
    ['an acknowledgement that is too short', header(12, FRAME.INPUT_ACK), 'E_PROTOCOL'],
    ['control over the limit', header(LIMITS.controlFrameBytes + 2, FRAME.CONTROL), 'E_LIMIT'],
    ['data over the limit', header(1 + 12 + LIMITS.dataFrameBytes + 1, FRAME.OUTPUT), 'E_LIMIT'],
    ['the largest length', header(0xffff_ffff, FRAME.CONTROL), 'E_LIMIT'],
    ['no UTF-8', header(3, FRAME.CONTROL, 0xc3, 0x28), 'E_PROTOCOL'],
    ['an offset of 2^53', header(13, FRAME.OUTPUT_ACK, ...zeros(4), 0, 0, 0, 0, 0, 0, 0x20, 0), 'E_PROTOCOL'],
    [
      'the largest offset',
      header(13, FRAME.INPUT_ACK, ...zeros(4), ...zeros(8).map(() => 255)),
      'E_PROTOCOL',
    ],
    [
      'data that goes on beyond 2^53 - 1',
      header(15, FRAME.OUTPUT, ...zeros(4), 255, 255, 255, 255, 255, 255, 0x1f, 0, 1, 2),
      'E_PROTOCOL',
    ],
  ])('%s', ([, bytes, code]) => {
    for (const cut of [1, 3, 1_000]) {
      const sink = new Collector();
      const reader = new FrameReader(sink, { accepts: everything });
      expect(() => feed(reader, bytes, [cut])).toThrow(
        expect.objectContaining({ name: 'HoldfastError', code }),
      );
      expect(sink.frames).toEqual([]);
    }
  });

  test('a type that the other side may not send, before its payload is there', () => {
    const reader = new FrameReader(new Collector(), {
      accepts: [FRAME.CONTROL, FRAME.INPUT, FRAME.OUTPUT_ACK],
    });
    expect(() => reader.push(header(13, FRAME.OUTPUT))).toThrow(
      expect.objectContaining({ code: 'E_PROTOCOL' }),
    );
  });

  test('nothing that keeps to the limits: the largest frames and the last offset pass', () => {
    const sink = new Collector();
    const reader = new FrameReader(sink, { accepts: everything });
    const bytes = new Uint8Array(LIMITS.dataFrameBytes);
    reader.push(
      encodeData({
        type: FRAME.OUTPUT,
        channel: 0xffff_ffff,
        offset: Number.MAX_SAFE_INTEGER - bytes.length,
        bytes,
      }),
    );
    reader.push(encodeAck({ type: FRAME.INPUT_ACK, channel: 0, offset: Number.MAX_SAFE_INTEGER }));
    const filler = 'x'.repeat(LIMITS.controlFrameBytes - '{"a":""}'.length);
    reader.push(encodeControl({ a: filler }));
    expect(sink.frames).toMatchObject([
      { kind: 'data', offset: Number.MAX_SAFE_INTEGER - bytes.length },
      { kind: 'ack', offset: Number.MAX_SAFE_INTEGER },
      { kind: 'control', message: { a: filler } },
    ]);
  });

  test('control frames over a limit that changes on the way, as it does with hello', () => {
    const messages: string[] = [];
    const reader: FrameReader = new FrameReader(
      {
        control: (json) => {
          messages.push(json);
          reader.maxControlBytes = 1_000;
        },
        data: () => undefined,
        ack: () => undefined,
      },
      { accepts: [FRAME.CONTROL], maxControlBytes: 20 },
    );
    const large = encodeControl({ large: 'x'.repeat(500) });
    reader.push(concatenated([encodeControl({ hello: 1 }), large]));
    expect(messages.length).toBe(2);
    const strict = new FrameReader(new Collector(), { accepts: [FRAME.CONTROL], maxControlBytes: 20 });
    expect(() => strict.push(large)).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
  });
});

test('a control frame of 4 MiB that comes byte by byte costs neither time nor memory', () => {
  const sink = new Collector();
  const reader = new FrameReader(sink, { accepts: [FRAME.CONTROL] });
  const stream = encodeControl({ a: 'x'.repeat(LIMITS.controlFrameBytes - 8) });
  const before = process.cpuUsage();
  for (let at = 0; at < stream.length; at += 1) reader.push(stream.subarray(at, at + 1));
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
  expect(sink.frames.length).toBe(1);
});

test('announcing much and sending little holds little memory', () => {
  const readers = Array.from(
    { length: 1_000 },
    () => new FrameReader(new Collector(), { accepts: [FRAME.CONTROL] }),
  );
  const announcement = encodeControl({ a: 'x'.repeat(LIMITS.controlFrameBytes - 8) }).subarray(0, 105);
  const before = process.memoryUsage().arrayBuffers;
  for (const reader of readers) reader.push(announcement);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(readers.length * 16_384);
});
