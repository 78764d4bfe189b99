import { BUILD, VERSION } from '@holdfast/protocol';
import { closest } from './arguments/closest.ts';
import { parseCommandLine } from './arguments/parse.ts';
import { usageError } from './arguments/usage-error.ts';
import type { Command } from './command.ts';
import { COMMAND_NAMES, isCommandName, loadAllCommands, loadCommand } from './commands.ts';
import { processContext } from './context.ts';
import { describeFailure, errorDocument, type Failure, isBrokenPipe } from './output/errors.ts';
import { EXIT } from './output/exit-codes.ts';
import { jsonLine } from './output/json.ts';
import { writeStderr, writeStdout } from './output/standard-streams.ts';
import { commandHelp, overviewHelp } from './output/help.ts';

/** What stands before the command's own arguments. */
interface Leading {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly host: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly rest: readonly string[];
}

/** How a failure would be told, as far as the command line has been understood. */
interface Failing {
  cannot: string;
  json: boolean;
  document: (failure: Failure) => unknown;
}

/** Runs one command line; returns the exit code, and never throws. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  const failing: Failing = { cannot: 'wrong usage', json: wantsJson(argv), document: errorDocument };
  try {
    return await runCommandLine(argv, failing);
  } catch (error) {
    if (isBrokenPipe(error)) return EXIT.done;
    const failure = describeFailure(failing.cannot, error);
    writeStderr(`holdfast: ${failure.message}\n`);
    if (failing.json) writeStdout(jsonLine(failing.document(failure)));
    return failure.exitCode;
  }
}

async function runCommandLine(argv: readonly string[], failing: Failing): Promise<number> {
  const leading = splitLeading(argv);
  if (leading.version) {
    writeStdout(`holdfast ${VERSION} (${BUILD})\n`);
    return EXIT.done;
  }
  if (leading.help || leading.name === 'help') return help(leading);
  if (leading.name === undefined) {
    failing.cannot = "can't greet";
    const { greet } = await import('./welcome.ts');
    if (leading.host !== undefined) throw usageError('--host needs a command');
    return greet(processContext({ namespace: leading.namespace, loadCommands: loadAllCommands }));
  }

  const command = await findCommand(leading.name);
  failing.cannot = `wrong usage of ${command.name}`;
  if (command.failureDocument) failing.document = command.failureDocument;
  const parsed = parseCommandLine(command, leading.rest);
  if (parsed.help) {
    writeStdout(commandHelp(command));
    return EXIT.done;
  }
  // A program's own `--json` is not ours.
  failing.json = parsed.invocation.options['json'] === true;
  const host = parsed.host ?? leading.host;
  const namespace = parsed.namespace ?? leading.namespace;
  if (host !== undefined) {
    if (!command.elsewhere) {
      const why = command.hereOnly === undefined ? '' : `: ${command.hereOnly}`;
      throw usageError(`${command.name} works on this machine only, not with --host${why}`);
    }
    if (namespace !== undefined) throw usageError('--host and --namespace exclude each other');
    failing.cannot = command.cannot;
  }
  const elsewhere = host === undefined ? undefined : await reach(host, command.elsewhere);
  const context = processContext({
    namespace,
    loadCommands: loadAllCommands,
    ...(elsewhere ? { elsewhere } : {}),
  });
  return runParsed(command, { ...parsed, context, failing });
}

/** Loaded only by who asks for it. */
async function reach(host: string, by: Command['elsewhere']) {
  const { bridgeTo } = await import('./fleet/bridge.ts');
  return { host, socketPath: by === 'daemon' ? await bridgeTo(host, process.env) : undefined };
}

async function runParsed(
  command: Command,
  how: {
    invocation: Parameters<Command['run']>[0];
    context: Parameters<Command['run']>[1];
    failing: Failing;
  },
): Promise<number> {
  try {
    return await command.run(how.invocation, how.context);
  } catch (error) {
    const isUsage = error instanceof Error && 'code' in error && error.code === 'E_USAGE';
    if (!isUsage) how.failing.cannot = command.cannot;
    throw error;
  }
}

async function help({ name, rest }: Leading): Promise<number> {
  const about = name === 'help' ? rest.find((word) => !word.startsWith('-')) : name;
  writeStdout(
    about === undefined ? overviewHelp(await loadAllCommands()) : commandHelp(await findCommand(about)),
  );
  return EXIT.done;
}

async function findCommand(name: string): Promise<Command> {
  if (isCommandName(name)) return loadCommand(name);
  const meant = closest(name, COMMAND_NAMES);
  throw usageError(
    `there is no command "${name}"; ${meant ? `did you mean ${meant}?` : 'holdfast help lists them all'}`,
  );
}

function splitLeading(argv: readonly string[]): Leading {
  const values: { namespace?: string; host?: string } = {};
  let isHelp = false;
  let isVersion = false;
  const leadingOf = (name: string | undefined, rest: readonly string[]): Leading => ({
    name,
    namespace: values.namespace,
    host: values.host,
    help: isHelp,
    version: isVersion,
    rest,
  });
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [, name, inline] = /^--(namespace|host)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'namespace' || name === 'host') {
      const value = inline ?? argv[at + 1];
      if (value === undefined) throw usageError(`${word} needs a value: ${word} NAME`);
      if (inline === undefined) at += 1;
      values[name] = value;
    } else if (word === '--help' || word === '-h') isHelp = true;
    else if (word === '--version' || word === '-V') isVersion = true;
    else if (word.startsWith('-')) throw usageError(`there is no option ${word} before a command`);
    else return leadingOf(word, argv.slice(at + 1));
  }
  return leadingOf(undefined, []);
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}
