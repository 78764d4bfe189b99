import type { Session } from '@holdfast/protocol';
import { commandOf, exitOf } from '../sessions/describe.ts';

const CELL = 'px-3 py-1.5 text-left whitespace-nowrap first:pl-5 last:pr-5';

/** Every session, as the daemon has it. */
export function SessionTable({ sessions }: { readonly sessions: readonly Session[] }) {
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
            {['Name', 'Command', 'PID', 'Size', 'Status', 'History'].map((title) => (
              <th key={title} scope="col" className={`${CELL} font-medium`}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id} className="border-t border-line">
              <td className={`${CELL} font-medium`}>{session.name}</td>
              <td className={`${CELL} max-w-56 truncate font-mono text-xs`} title={session.command.join(' ')}>
                {commandOf(session)}
              </td>
              <td className={`${CELL} tabular-nums`}>{session.state === 'running' ? session.pid : '—'}</td>
              <td className={`${CELL} tabular-nums`}>
                {session.cols}×{session.rows}
              </td>
              <td className={CELL}>
                {session.exit ? <span className="text-muted">{exitOf(session.exit).text}</span> : 'Running'}
              </td>
              <td className={`${CELL} tabular-nums`}>{bytesOf(session.offset - session.historyStart)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function bytesOf(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${Math.round(bytes / 1_024)} KB`;
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
