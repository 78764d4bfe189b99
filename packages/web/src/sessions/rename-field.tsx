import { useRef, useState } from 'react';
import { renameSession } from './actions.ts';
import type { KnownSession } from './known-session.ts';

export interface RenameFieldProps {
  readonly session: KnownSession;
  readonly onDone: (isByKey: boolean) => void;
}

/** A session's name while it is changed: Enter saves it, and so does whoever goes elsewhere; Escape doesn't. */
export function RenameField({ session, onDone }: RenameFieldProps) {
  const [name, setName] = useState(session.name);
  // The field that goes loses the focus, which is no second answer.
  const isDone = useRef(false);
  const done = ({ isByKey, isSaved }: { isByKey: boolean; isSaved: boolean }) => {
    if (isDone.current) return;
    isDone.current = true;
    onDone(isByKey);
    if (isSaved) void renameSession(session, name.trim());
  };
  return (
    <input
      autoFocus
      aria-label={`New name of ${session.name}`}
      value={name}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => done({ isByKey: false, isSaved: true })}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        // Or the row, which has the focus then, is pressed by the same key.
        event.preventDefault();
        done({ isByKey: true, isSaved: event.key === 'Enter' });
      }}
      className="m-1.5 h-8 min-w-0 flex-1 rounded-md border border-accent bg-panel px-2 text-[13px]"
    />
  );
}
