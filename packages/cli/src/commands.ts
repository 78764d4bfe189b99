import type { Command } from './command.ts';

/** Every command, in the order of the overview. Each is run only when it is needed: start-up time is paid for what is imported. */
const LOADERS = {
  new: async () => (await import('./commands/new.ts')).newCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  attach: async () => (await import('./commands/attach.ts')).attachCommand,
  ls: async () => (await import('./commands/ls.ts')).lsCommand,
  send: async () => (await import('./commands/send.ts')).sendCommand,
  tail: async () => (await import('./commands/tail.ts')).tailCommand,
  wait: async () => (await import('./commands/wait.ts')).waitCommand,
  events: async () => (await import('./commands/events.ts')).eventsCommand,
  capture: async () => (await import('./commands/capture.ts')).captureCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  play: async () => (await import('./commands/play.ts')).playCommand,
  resize: async () => (await import('./commands/resize.ts')).resizeCommand,
  rename: async () => (await import('./commands/rename.ts')).renameCommand,
  kill: async () => (await import('./commands/kill.ts')).killCommand,
  forget: async () => (await import('./commands/forget.ts')).forgetCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  logs: async () => (await import('./commands/logs.ts')).logsCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  upgrade: async () => (await import('./commands/upgrade.ts')).upgradeCommand,
  resume: async () => (await import('./commands/resume.ts')).resumeCommand,
  restart: async () => (await import('./commands/restart.ts')).restartCommand,
  stop: async () => (await import('./commands/stop.ts')).stopCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  hosts: async () => (await import('./commands/hosts.ts')).hostsCommand,
  mcp: async () => (await import('./commands/mcp.ts')).mcpCommand,
  share: async () => (await import('./commands/share.ts')).shareCommand,
  tokens: async () => (await import('./commands/tokens.ts')).tokensCommand,
  service: async () => (await import('./commands/service.ts')).serviceCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand,
} satisfies Record<string, () => Promise<unknown>>;

export type CommandName = keyof typeof LOADERS;

export const COMMAND_NAMES = Object.keys(LOADERS) as CommandName[];

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(LOADERS, name);
}

/** The table of one command. */
export function loadCommand(name: CommandName): Promise<Command> {
  return LOADERS[name]();
}

/** All tables, for the overview and for completion. */
export function loadAllCommands(): Promise<Command[]> {
  return Promise.all(COMMAND_NAMES.map(loadCommand));
}
