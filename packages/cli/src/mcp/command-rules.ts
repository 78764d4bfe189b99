import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import { Refusal } from './refusal.ts';

interface Rule {
  /** As it was given, for errors. */
  readonly text: string;
  /** What the program may be called: the name, and the path that was found for it. */
  readonly names: readonly string[];
  /** What is started, whatever PATH says later. */
  readonly file: string;
  /** The only arguments that it may have; undefined: any. */
  readonly args: readonly string[] | undefined;
}

/**
 * Which programs an agent may start. It names one exactly as it is allowed, or by the path that was found when the server
 * started: nothing is looked up, and no link followed, at the agent's word.
 */
export class CommandRules {
  readonly #rules: readonly Rule[];
  readonly #shell: string | undefined;

  /** Throws E_USAGE for a program that there isn't. */
  constructor(
    allowed: readonly string[],
    where: { path: string; cwd: string | undefined; shell: string | undefined },
  ) {
    this.#shell = where.shell;
    this.#rules = allowed.map((text) => ruleOf(text, where));
  }

  /** Whether anything is forbidden. */
  get areThere(): boolean {
    return this.#rules.length > 0;
  }

  /** What is to be started for a command; an empty one is the login shell. Throws a refusal. */
  check(command: readonly string[]): readonly string[] {
    if (!this.areThere) return command;
    const [name, ...args] = command.length > 0 ? command : [this.#shell ?? ''];
    const rule = this.#rules.find(
      (each) => name !== undefined && each.names.includes(name) && isSame(each.args, args),
    );
    if (rule) return command.length > 0 ? [rule.file, ...args] : [];
    const line = command.length > 0 ? command.join(' ') : 'a login shell';
    throw this.#forbidden(`${line} may not be started here`);
  }

  /**
   * Refuses to type into what runs already, unless it could have been started here. The path that was found counts alone: what a name
   * meant to another server is not known.
   */
  checkTypedInto(command: readonly string[]): void {
    const [file, ...args] = command;
    const isAllowed = this.#rules.some((each) => each.file === file && isSame(each.args, args));
    if (!this.areThere || isAllowed) return;
    throw this.#forbidden(`nothing may be typed into ${command.join(' ')}, which may not be started here`);
  }

  #forbidden(message: string): Refusal {
    const allowed = this.#rules.map(({ text }) => text).join('; ');
    return new Refusal('E_FORBIDDEN', message, `Allowed, letter by letter: ${allowed}.`);
  }
}

function ruleOf(text: string, { path: search, cwd = '/' }: { path: string; cwd: string | undefined }): Rule {
  const [name = '', ...args] = text.trim().split(/\s+/);
  const file = name.includes('/') ? path.resolve(cwd, name) : lookUp(name, search);
  if (file === undefined || !isProgram(file)) {
    throw new HoldfastError('E_USAGE', `--allow-command: there is no program "${name}"`);
  }
  // A relative path means another file in each folder: only the one that it is here counts.
  const names = name.includes('/') ? [file] : [name, file];
  return { text: [names[0], ...args].join(' '), names, file, args: args.length > 0 ? args : undefined };
}

/** Relative folders in PATH, and the empty one, would mean another place for each terminal. */
function lookUp(name: string, search: string): string | undefined {
  return search
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // ENOENT, EACCES: it can't be started either.
  }
}

function isSame(allowed: readonly string[] | undefined, args: readonly string[]): boolean {
  if (!allowed) return true;
  return allowed.length === args.length && allowed.every((arg, index) => arg === args[index]);
}
