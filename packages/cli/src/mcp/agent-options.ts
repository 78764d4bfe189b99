import type { Client } from '@holdfast/client';
import type { OpenParameters } from '@holdfast/protocol';

/** What a session is opened with, but for its name. */
export interface Opening {
  readonly command: readonly string[];
  /** Undefined: where programs start that nobody chooses a folder for. */
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  readonly historyBytes: number | undefined;
}

/** How the server comes to a daemon. */
export interface Daemons {
  /** Undefined if none runs. */
  connectIfRunning(): Promise<Client | undefined>;
  /** Starts one if none runs. */
  connectOrStart(): Promise<Client>;
  /** The request, without a name, that opens a session as this process would start a program, or as the host would that is meant. */
  openRequest(opening: Opening): Promise<OpenParameters>;
}

/** What an agent may do, as the command line says. */
export interface Allowance {
  /** Whose terminals these are; undefined: what the client calls itself. */
  readonly label: string | undefined;
  readonly readOnly: boolean;
  /** Terminals of other labels, and of people, too. */
  readonly allTerminals: boolean;
  /** Programs, or whole command lines, that may be started, and typed into; none: any. */
  readonly commands: readonly string[];
  /** Folders in which, and below which, programs may be started, and typed into if they were; none: any. */
  readonly folders: readonly string[];
}

export interface AgentOptions {
  readonly daemons: Daemons;
  readonly allowance: Allowance;
  /** Of this process. */
  readonly env: NodeJS.ProcessEnv;
  /** Of this process; undefined if programs start on another machine, of whose folders nothing is known here. */
  readonly cwd: string | undefined;
}
