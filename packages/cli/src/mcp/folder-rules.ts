import { realpathSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import { Refusal } from './refusal.ts';

/** In which folders an agent may start programs. Links are followed before anything is compared. */
export class FolderRules {
  readonly #folders: readonly string[];
  readonly #cwd: string | undefined;

  /** `cwd` undefined: folders are those of another machine, and none can be allowed. Throws E_USAGE for a folder that there isn't. */
  constructor(allowed: readonly string[], cwd: string | undefined) {
    this.#cwd = cwd;
    this.#folders = allowed.map((folder) => {
      const real = cwd === undefined ? undefined : realPath(path.resolve(cwd, folder));
      if (real === undefined) {
        throw new HoldfastError('E_USAGE', `--allow-folder: there is no folder "${folder}"`);
      }
      return real;
    });
  }

  /** The folder to start in: by default this one, if it may be, else the first that is allowed; on another machine the one that is named. Throws a refusal. */
  check(folder: string | undefined): string | undefined {
    if (this.#cwd === undefined) return folder;
    const wanted = path.resolve(this.#cwd, folder ?? '.');
    if (this.#folders.length === 0) return wanted;
    const real = this.#allowed(wanted);
    if (real !== undefined) return real;
    if (folder === undefined && this.#folders[0] !== undefined) return this.#folders[0];
    throw this.#forbidden(`no program may be started in ${wanted}`);
  }

  /** Refuses to type into what was started in another folder, or in one that is no longer there. */
  checkTypedInto(folder: string): void {
    if (this.#folders.length === 0 || this.#allowed(folder) !== undefined) return;
    throw this.#forbidden(`nothing may be typed into what was started in ${folder}`);
  }

  #allowed(folder: string): string | undefined {
    const real = realPath(folder);
    return real !== undefined && this.#folders.some((allowed) => isWithin(real, allowed)) ? real : undefined;
  }

  #forbidden(message: string): Refusal {
    return new Refusal(
      'E_FORBIDDEN',
      message,
      `Allowed, and all folders below: ${this.#folders.join(', ')}.`,
    );
  }
}

function isWithin(folder: string, allowed: string): boolean {
  const way = path.relative(allowed, folder);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined; // ENOENT, EACCES: nothing can be started there.
  }
}
