import { Transform, type TransformCallback } from 'node:stream';
import { ALL_SESSIONS, encodeControl, FRAME, FrameReader, HoldfastError, LIMITS } from '@holdfast/protocol';

/**
 * Puts a limit into a client's hello, and leaves the rest as it is: the daemon keeps the connection to it from then on. Nothing
 * passes before a hello.
 */
export class LimitedHello extends Transform {
  #hello: string | undefined;
  readonly #reader = new FrameReader(
    {
      control: (json) => {
        this.#hello = json;
      },
      data: refuse,
      ack: refuse,
    },
    { accepts: [FRAME.CONTROL], maxControlBytes: LIMITS.helloFrameBytes },
  );

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    let at = 0;
    try {
      // Byte by byte: behind the hello there may be other frames, of which the reader is not to know.
      for (; this.#hello === undefined && at < chunk.length; at += 1) {
        this.#reader.push(chunk.subarray(at, at + 1));
        if (this.#hello !== undefined) this.push(limited(this.#hello));
      }
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)));
    }
    done(null, at < chunk.length ? chunk.subarray(at) : undefined);
  }
}

function limited(json: string): Uint8Array {
  const message: unknown = JSON.parse(json);
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'hello')
    refuse();
  return encodeControl({ ...Object(message), limitedTo: ALL_SESSIONS });
}

function refuse(): never {
  throw new HoldfastError('E_PROTOCOL', 'the first frame is no hello');
}
