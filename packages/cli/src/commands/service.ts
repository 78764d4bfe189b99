import fs from 'node:fs';
import path from 'node:path';
import { netConnector } from '@holdfast/client';
import { parseChoice } from '../arguments/choice.ts';
import { defineCommand } from '../command.ts';
import { connectOrStart } from '../connection/connect.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { isLingering } from '../service/login.ts';
import { systemctl, unitFolder, whyNoSystemd } from '../service/systemd.ts';
import { unitName, unitText } from '../service/unit.ts';
import { userName } from '../service/user-name.ts';

const ACTIONS = ['install', 'uninstall', 'start'] as const;
/** They say where the home is; the others of that kind, systemd sets itself. */
const HOME_VARIABLES = ['HOLDFAST_HOME', 'XDG_STATE_HOME'];

export const serviceCommand = defineCommand({
  name: 'service',
  summary: 'have systemd start the keeper at login',
  cannot: "can't set up the service",
  operands: {
    ACTION: {
      required: true,
      complete: ACTIONS,
      summary: 'install, uninstall, or start: what the unit runs',
    },
  },
  options: { 'dry-run': { kind: 'flag', summary: 'only show what would be done' } },
  details: ['Nobody needs it: the first command that needs a daemon starts it. No action ends a session.'],
  async run({ operands, options }, context) {
    const action = parseChoice('ACTION', operands.ACTION, ACTIONS);
    if (action === 'start') await start(context);
    else (action === 'install' ? install : uninstall)(new Steps(context, options['dry-run']));
    return EXIT.done;
  },
});

/** Does what it is told and says so; or only says so. */
class Steps {
  readonly context: Context;
  readonly unit: string;
  readonly file: string;
  readonly isDry: boolean;

  constructor(context: Context, isDry: boolean) {
    this.context = context;
    this.isDry = isDry;
    this.unit = unitName(context.home.namespace);
    this.file = path.join(unitFolder(context.env), this.unit);
  }

  step(what: string, action: () => void): void {
    if (!this.isDry) action();
    this.context.print(`${this.isDry ? 'would ' : ''}${what}\n`);
  }

  systemctl(...args: string[]): void {
    this.step(`run systemctl --user ${args.join(' ')}`, () => systemctl(this.context.env, args));
  }
}

function install(steps: Steps): void {
  const { context, file, unit, isDry } = steps;
  const why = whyNoSystemd(context.env);
  if (why !== undefined && !isDry)
    throw new Error(`${why}; nothing needs it: the first command starts everything`);
  const text = unitText(contentFor(context));
  steps.step(`write ${file}`, () => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  });
  if (isDry) context.print(text.replaceAll(/^(?=.)/gm, '  '));
  steps.systemctl('daemon-reload');
  steps.systemctl('enable', '--now', unit);
  if (!isDry && !isLingering(userName(context.env)))
    context.note(
      'Your last logout ends this service, and all that runs in it, until you run: loginctl enable-linger',
    );
}

function uninstall(steps: Steps): void {
  const { context, file, unit } = steps;
  if (!fs.existsSync(file)) {
    context.print(`${file} does not exist\n`);
    return;
  }
  const hasSystemd = whyNoSystemd(context.env) === undefined;
  // To stop it ends nothing: see the unit.
  if (hasSystemd) steps.systemctl('disable', '--now', unit);
  steps.step(`remove ${file}`, () => {
    fs.rmSync(file);
    // The link by which it is enabled, where systemctl has not removed it.
    fs.rmSync(path.join(path.dirname(file), 'default.target.wants', unit), { force: true });
  });
  if (hasSystemd) steps.systemctl('daemon-reload');
  context.note('Sessions go on.');
}

function contentFor({ env, home: { namespace } }: Context) {
  const values = HOME_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value ? [[name, path.resolve(value)] as const] : [];
  });
  const command = [process.execPath, path.resolve(process.argv[1] ?? ''), 'service', 'start'];
  if (namespace !== 'default') command.push('--namespace', namespace);
  return { namespace, command, environment: Object.fromEntries(values) };
}

/** Returns when a daemon accepts. */
async function start(context: Context): Promise<void> {
  const client = await connectOrStart(context, { connector: netConnector(context.home.socketPath) });
  context.print(`Daemon ${client.daemon.pid} runs.\n`);
  client.close();
}
