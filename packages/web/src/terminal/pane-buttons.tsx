import { Columns2, Rows2, Share2, X } from 'lucide-react';
import { keyOf } from '../keys.ts';
import { IconButton } from '../ui/button.tsx';

/** What can be done with a pane and its session. */
export interface PaneActions {
  readonly onClose: () => void;
  /** Absent: nothing may be started there. */
  readonly onSplit?: (direction: 'row' | 'column') => void;
  readonly onRunAgain?: () => void;
  readonly onRestore?: () => void;
  /** Absent: it can't be. */
  readonly onShare?: () => void;
}

export function PaneButtons({ onShare, onSplit, onClose }: PaneActions) {
  return (
    <>
      {onShare && (
        <IconButton label="Share this terminal, to be seen" className="max-md:hidden" onClick={onShare}>
          <Share2 size={14} aria-hidden />
        </IconButton>
      )}
      {onSplit && (
        <>
          <IconButton
            label={`Split right (${keyOf('splitRight')})`}
            className="max-md:hidden"
            onClick={() => onSplit('row')}
          >
            <Columns2 size={14} aria-hidden />
          </IconButton>
          <IconButton label={`Split down (${keyOf('splitDown')})`} onClick={() => onSplit('column')}>
            <Rows2 size={14} aria-hidden />
          </IconButton>
        </>
      )}
      <IconButton label={`Close the pane; the session runs on (${keyOf('closePane')})`} onClick={onClose}>
        <X size={15} aria-hidden />
      </IconButton>
    </>
  );
}
