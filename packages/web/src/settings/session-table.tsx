import type { Session } from '@holdfast/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';
import { MEMORY } from '../api/queries.ts';
import { bytesOf, commandOf, exitOf } from '../sessions/describe.ts';

const CELL = 'px-3 py-1.5 text-left whitespace-nowrap first:pl-5 last:pr-5';

/** No event tells of memory, so it is asked for as long as the table is seen. */
const MEMORY_MS = 5_000;

/** Every session, as the daemon has it, and what its programs take. */
export function SessionTable({ sessions }: { readonly sessions: readonly Session[] }) {
  const memory = useQuery({
    queryKey: MEMORY,
    queryFn: () => api.terminal.daemon.getMemory.query(),
    refetchInterval: MEMORY_MS,
  });
  const memoryOf = ({ id, state }: Session) => {
    const bytes = state === 'running' ? memory.data?.[id] : undefined;
    return bytes === undefined ? '—' : bytesOf(bytes);
  };
  return (
    <div
      className="max-h-80 overflow-auto border-t border-line"
      tabIndex={0}
      role="region"
      aria-label="Sessions of the daemon"
    >
      <table className="w-full text-[13px]">
        <thead className="sticky top-0 bg-panel text-xs text-muted">
          <tr>
            {['Name', 'Command', 'PID', 'Size', 'Status', 'Memory', 'History'].map((title) => (
              <th key={title} scope="col" className={`${CELL} font-medium`}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id} className="border-t border-line">
              <td className={`${CELL} max-w-44 truncate font-medium`} title={session.name}>
                {session.name}
              </td>
              <td className={`${CELL} max-w-44 truncate font-mono text-xs`} title={session.command.join(' ')}>
                {commandOf(session)}
              </td>
              <td className={`${CELL} tabular-nums`}>{session.state === 'running' ? session.pid : '—'}</td>
              <td className={`${CELL} tabular-nums`}>
                {session.cols}×{session.rows}
              </td>
              <td className={CELL}>
                {session.exit ? <span className="text-muted">{exitOf(session.exit).text}</span> : 'Running'}
              </td>
              <td className={`${CELL} tabular-nums`}>{memoryOf(session)}</td>
              <td className={`${CELL} tabular-nums`}>{bytesOf(session.offset - session.historyStart)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
