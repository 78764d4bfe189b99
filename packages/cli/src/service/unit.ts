/** What a unit of the user's systemd starts at login. */
export interface UnitContent {
  readonly namespace: string;
  /** The command line, program first: absolute paths. */
  readonly command: readonly string[];
  /** What of the environment decides where the home is. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The unit of a namespace. */
export function unitName(namespace: string): string {
  return namespace === 'default' ? 'holdfast.service' : `holdfast-${namespace}.service`;
}

/**
 * The text of the unit. It starts a keeper and watches over nothing: its process ends at once, so to stop or restart it
 * ends nobody. That is also why it names no main process: the keeper may become another process.
 */
export function unitText({ namespace, command, environment }: UnitContent): string {
  const [program = '', ...args] = command;
  return `# Starts the keeper of holdfast's terminal sessions, unless one runs. Written by: holdfast service install
[Unit]
Description=Holdfast terminal sessions (${namespace})

[Service]
Type=oneshot
RemainAfterExit=yes
${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join('')}# The colon: no variable is replaced in what follows.
ExecStart=:${[program, ...args].map(quoted).join(' ')}
# To stop or restart this unit ends nothing.
KillMode=process
# A program that the kernel ends for its memory does not take the others with it.
OOMPolicy=continue
# The keeper starts daemons again, and the daemon a keeper.
Restart=no
# All programs in all sessions count.
TasksMax=infinity

[Install]
WantedBy=default.target
`;
}

/** What a text that `unitText` has written says; undefined if it runs nothing. Others may write words without quotes. */
export function readUnit(text: string): Omit<UnitContent, 'namespace'> | undefined {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const command = words(value('ExecStart').replace(/^[-:@+!]+/, ''));
  if (command.length === 0) return undefined;
  const environment = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) =>
    words(line).map((word) => [word.split('=', 1).join(), word.slice(word.indexOf('=') + 1)] as const),
  );
  return { command, environment: Object.fromEntries(environment) };
}

function words(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quotedText, word = '']) =>
    quotedText === undefined ? word : unquoted(quotedText),
  );
}

function unquoted(text: string): string {
  return text
    .replaceAll(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    .replaceAll('%%', '%');
}

/** One word of a unit file: in double quotes, with C escapes, and no specifier in it. */
function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%');
  return `"${escaped}"`;
}
