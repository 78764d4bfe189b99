import type { CommandTable } from '../command-table.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** The completion script of a shell, made from the commands' tables. */
export function completionScript(shell: keyof typeof SCRIPTS, commands: readonly CommandTable[]): string {
  return SCRIPTS[shell](commands);
}
