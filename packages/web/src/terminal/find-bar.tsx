import type { SearchAddon } from '@xterm/addon-search';
import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { IconButton } from '../ui/button.tsx';
import { matchColours } from './themes.ts';

export interface FindBarProps {
  readonly search: SearchAddon;
  readonly onClose: () => void;
}

/** Finds text in what the terminal shows and has scrolled away. */
export function FindBar({ search, onClose }: FindBarProps) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ resultIndex: number; resultCount: number }>();
  useEffect(() => {
    const listening = search.onDidChangeResults(setFound);
    return () => {
      listening.dispose();
      search.clearDecorations();
    };
  }, [search]);
  const find = (next: string, direction: 1 | -1, incremental: boolean) => {
    const options = { decorations: matchColours(), incremental };
    if (next === '') search.clearDecorations();
    else if (direction === 1) search.findNext(next, options);
    else search.findPrevious(next, options);
  };
  const said =
    text === '' || !found
      ? ''
      : found.resultCount === 0
        ? 'None'
        : `${found.resultIndex + 1} of ${found.resultCount}`;
  return (
    <search className="absolute top-2 right-4 z-10 flex items-center gap-1 rounded-lg border border-line bg-raised p-1 pl-2 shadow-lg">
      <input
        autoFocus
        aria-label="Find in this terminal"
        placeholder="Find"
        value={text}
        spellCheck={false}
        className="w-40 bg-transparent text-[13px] outline-none"
        onChange={(event) => {
          setText(event.target.value);
          find(event.target.value, -1, true);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(text, event.shiftKey ? 1 : -1, false);
          if (event.key === 'Escape') onClose();
        }}
      />
      <span role="status" className="min-w-14 text-right text-xs text-muted tabular-nums">
        {said}
      </span>
      <IconButton label="Previous (Enter)" onClick={() => find(text, -1, false)}>
        <ChevronUp size={15} aria-hidden />
      </IconButton>
      <IconButton label="Next (Shift+Enter)" onClick={() => find(text, 1, false)}>
        <ChevronDown size={15} aria-hidden />
      </IconButton>
      <IconButton label="Close (Esc)" onClick={onClose}>
        <X size={15} aria-hidden />
      </IconButton>
    </search>
  );
}
