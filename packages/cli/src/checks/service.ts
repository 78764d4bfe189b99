import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Context } from '../context.ts';
import { agentProgram } from '../service/launch-agent.ts';
import { unitFolder } from '../service/systemd.ts';
import { readUnit, unitName } from '../service/unit.ts';
import { type Check, type Finding, ok, warn } from './finding.ts';

/** What a login starts, if anything. */
interface InstalledService {
  readonly file: string;
  readonly isEnabled: boolean;
  /** The files that must be there for it to run: program, and script if the program runs one. */
  readonly runs: readonly string[];
  /** The home that it is for; undefined: that of the user. */
  readonly holdfastHome: string | undefined;
  /** What puts it right. */
  readonly again: string;
}

/** Of whom it is asked. */
interface Where extends Pick<Context, 'env'> {
  readonly home: Pick<Context['home'], 'namespace'>;
}

/** Whether a login starts the keeper, and with which program. */
export const service: Check = {
  name: 'service',
  run(context) {
    const installed = process.platform === 'darwin' ? launchAgent(context) : systemdUnit(context);
    if (installed === undefined) return ok('none is installed; the first command starts everything');
    return judgeService(installed, {
      script: process.argv[1] ?? '',
      holdfastHome: context.env['HOLDFAST_HOME'] || undefined,
    });
  },
};

/** `own`: this program, and the home that it was asked about. */
export function judgeService(
  { file, runs, isEnabled, holdfastHome, again }: InstalledService,
  own: { readonly script: string; readonly holdfastHome: string | undefined },
): Finding {
  if (runs.length === 0)
    return warn(`${file} starts nothing`, { why: 'no login starts the keeper', hint: again });
  const missing = runs.find((program) => path.isAbsolute(program) && !fs.existsSync(program));
  if (missing !== undefined)
    return warn(`${file} runs ${missing}, which does not exist`, {
      why: 'no login starts the keeper any more',
      hint: again,
    });
  if (!isEnabled)
    return warn(`${file} is not enabled`, {
      why: 'no login starts the keeper',
      hint: 'holdfast service install enables it, holdfast service uninstall removes it',
    });
  if (!runs.some((program) => isOwn(program, own.script)))
    return warn(`${file} runs ${runs.join(' ')}, and not this program, ${own.script}`, {
      why: 'after a login the daemon is of the build that is there',
      hint: `${again}, for this program`,
    });
  if (holdfastHome !== (own.holdfastHome && path.resolve(own.holdfastHome)))
    return warn(`${file} is for the home ${holdfastHome ?? 'of this user'}, and not for this one`, {
      why: 'what a login starts is not the daemon that this command talks to',
      hint: `${again}, for this home`,
    });
  return ok(`${file} starts this program at login`);
}

export function systemdUnit({ env, home }: Where): InstalledService | undefined {
  const unit = unitName(home.namespace);
  const file = path.join(unitFolder(env), unit);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const content = readUnit(text);
  return {
    file,
    // As `systemctl enable` has it; a link that leads nowhere enables nothing.
    isEnabled: fs.existsSync(path.join(path.dirname(file), 'default.target.wants', unit)),
    runs: content?.command.filter((word) => path.isAbsolute(word)).slice(0, 2) ?? [],
    holdfastHome: content?.environment['HOLDFAST_HOME'],
    again: 'holdfast service install writes it anew',
  };
}

/** As contrib/holdfast.plist has it. What is in the folder is loaded at login. */
export function launchAgent({ env }: Pick<Where, 'env'>): InstalledService | undefined {
  const file = path.join(env['HOME'] || os.homedir(), 'Library', 'LaunchAgents', 'holdfast.plist');
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const program = agentProgram(text);
  const runs = program === undefined ? [] : [program];
  const again = 'copy contrib/holdfast.plist there again, with the path of bin/holdfast';
  return { file, isEnabled: true, runs, holdfastHome: undefined, again };
}

/** The script of this program, or bin/holdfast, which runs it. */
function isOwn(program: string, script: string): boolean {
  if (!fs.existsSync(script)) return false;
  const launcher = path.join(path.dirname(fs.realpathSync(script)), '..', '..', 'bin', 'holdfast');
  return isSame(program, script) || isSame(program, launcher);
}

function isSame(one: string, other: string): boolean {
  return fs.existsSync(one) && fs.existsSync(other) && fs.realpathSync(one) === fs.realpathSync(other);
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined; // ENOENT
  }
}
