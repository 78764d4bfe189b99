import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import { usageError } from '../arguments/usage-error.ts';
import { flushStreams, writeStdout } from './standard-streams.ts';

/** What is made piece by piece is written in pieces of this size. */
const PIECE_CHARACTERS = 64 * 1024;

/** Where text goes that may be long: at the pace of who takes it, and whole or not at all. */
export interface Sink extends AsyncDisposable {
  write(text: string): Promise<void>;
  /** That was all. What is disposed of without it was in vain. */
  finish(): Promise<void>;
}

/** `-` or undefined: stdout. Throws HoldfastError if there is such a file and it may not be replaced, or none can be made there. */
export async function openSink(
  file: string | undefined,
  { overwrite }: { readonly overwrite: boolean },
): Promise<Sink> {
  if (file === undefined || file === '-') return new StdoutSink();
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw usageError(`${file} is a folder`);
  if (found?.isFile() && !overwrite) throw usageError(`${file} is there already; --overwrite replaces it`);
  try {
    // A device or a pipe takes what comes.
    if (found && !found.isFile()) return new FileSink(await open(file, 'w'), file);
    const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString('hex')}`);
    return new FileSink(await open(fresh, 'wx'), file, fresh);
  } catch (error) {
    throw notWritten(file, error);
  }
}

/** Puts small pieces together. */
abstract class PieceSink implements Sink {
  #pending = '';

  async write(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= PIECE_CHARACTERS) await this.#pass();
  }

  async finish(): Promise<void> {
    if (this.#pending !== '') await this.#pass();
    await this.complete();
  }

  async #pass(): Promise<void> {
    const piece = this.#pending;
    this.#pending = '';
    await this.take(piece);
  }

  protected abstract take(text: string): Promise<void>;
  protected abstract complete(): Promise<void>;
  abstract [Symbol.asyncDispose](): Promise<void>;
}

class StdoutSink extends PieceSink {
  protected async take(text: string): Promise<void> {
    writeStdout(text);
    await flushStreams();
  }

  protected async complete(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A file that has its name when it is whole, and not before. */
class FileSink extends PieceSink {
  readonly #handle: FileHandle;
  readonly #file: string;
  /** What it is called until then; undefined if it is no file that could be renamed. */
  readonly #fresh: string | undefined;
  readonly #discard: () => void;

  constructor(handle: FileHandle, file: string, fresh?: string) {
    super();
    this.#handle = handle;
    this.#file = file;
    this.#fresh = fresh;
    this.#discard = () => {
      if (fresh !== undefined && existsSync(fresh)) rmSync(fresh);
    };
    // For whoever is interrupted.
    process.on('exit', this.#discard);
  }

  protected async take(text: string): Promise<void> {
    try {
      await this.#handle.writeFile(text);
    } catch (error) {
      throw notWritten(this.#file, error);
    }
  }

  protected async complete(): Promise<void> {
    try {
      // Some file systems find out only now that there is no room.
      await this.#handle.close();
      if (this.#fresh !== undefined) await rename(this.#fresh, this.#file);
    } catch (error) {
      throw notWritten(this.#file, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#discard);
    await this.#handle.close().catch(() => undefined); // It has been, if all is well
    this.#discard();
  }
}

function notWritten(file: string, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message : String(error);
  return new HoldfastError('E_INTERNAL', `${file} can't be written: ${why}`, { cause: error });
}
