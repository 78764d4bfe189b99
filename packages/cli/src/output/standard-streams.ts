import fs from 'node:fs';
import { isBrokenPipe } from './errors.ts';

/**
 * Text for people and JSON, on stdout and stderr. Both are touched only when there is something to write: Node makes a
 * pipe non-blocking for everybody who shares it, which byte streams (`run`, `tail`) must not do.
 */
const touched = new Set<NodeJS.WriteStream>();

export function writeStdout(text: string | Uint8Array): void {
  writeTo(process.stdout, text);
}

export function writeStderr(text: string): void {
  writeTo(process.stderr, text);
}

/** Resolves when all that was written has been taken; process.exit would drop the rest. */
export async function flushStreams(): Promise<void> {
  await Promise.all(
    [...touched].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
}

/** Says why stdout takes nothing, at once: the process ends. */
function complain(error: Error): void {
  try {
    fs.writeSync(2, `holdfast: can't write to stdout: ${error.message}\n`);
  } catch {
    // EAGAIN, EPIPE, EIO: stderr takes nothing either.
  }
}

function writeTo(stream: NodeJS.WriteStream, text: string | Uint8Array): void {
  if (!touched.has(stream)) {
    touched.add(stream);
    // A reader that has gone (`holdfast ls | head -1`) is no failure; anything else that happens to a stream is.
    stream.on('error', (error) => {
      if (isBrokenPipe(error)) process.exit(0);
      if (stream === process.stdout) complain(error);
      process.exit(1);
    });
  }
  stream.write(text);
}
