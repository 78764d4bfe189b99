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

function writeTo(stream: NodeJS.WriteStream, text: string | Uint8Array): void {
  if (!touched.has(stream)) {
    touched.add(stream);
    // A reader that has gone (`holdfast ls | head -1`) is no failure; anything else that happens to a stream is.
    stream.on('error', (error) => process.exit(isBrokenPipe(error) ? 0 : 1));
  }
  stream.write(text);
}
