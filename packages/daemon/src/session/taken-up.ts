import { setNonBlocking } from '@holdfast/posix';
import type { Exit } from '@holdfast/protocol';
import type { History } from '../history/history.ts';
import type { Launched } from './launch.ts';
import { Session, type SessionSurroundings, type SuspendedParts } from './session.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionState } from './state-file.ts';

/** What all sessions of a home are made with. */
export interface SessionHome {
  readonly files: SessionFiles;
  readonly surroundings: SessionSurroundings;
  /** Names the time since the machine was started, see `readBootId`. */
  readonly bootId: string | undefined;
}

/** A session of a daemon before this one, whoever has passed it on. */
export function takenUp(
  { files, surroundings }: SessionHome,
  parts: {
    state: SessionState;
    history: History;
    program: Launched | 'later' | undefined;
    suspended?: SuspendedParts;
    crashed?: { exit: Exit | undefined };
    warnings: readonly string[];
  },
): Session {
  const { program, ...rest } = parts;
  const { id } = parts.state;
  // It belongs to the open file description, which others have shared.
  if (program && program !== 'later') setNonBlocking(program.master);
  return new Session(
    {
      ...rest,
      stateFile: files.stateFile(id),
      agentLink: files.agentLink(id),
      ...(program ? { program } : {}),
    },
    surroundings,
  );
}
