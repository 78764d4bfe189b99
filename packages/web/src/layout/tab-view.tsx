import { lazy, type PointerEvent, type RefObject, Suspense, useRef } from 'react';
import { restoreSession, runAgain } from '../sessions/actions.ts';
import { useSession } from '../sessions/known-session.ts';
import { useMayOperate } from '../sessions/rights.ts';
import { isElsewhere } from '../sessions/session-key.ts';
import { sharing } from '../sharing/sharing.ts';
import { splitPane } from './commands.ts';
import { changeLayout } from './layout-store.ts';
import { type Area, closePane, focus, type Pane, place, setRatio, type Split, type Tab } from './layout.ts';

/** Terminals are most of the page's code: the rest is there before them. */
const TerminalPane = lazy(() => import('../terminal/terminal-pane.tsx'));

const STEP = 0.02;

/** One tab's panes; they stay, out of sight, while another tab is shown. */
export function TabView({ tab, isActive }: { readonly tab: Tab; readonly isActive: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const placed = place(tab.root);
  return (
    <div ref={box} className={`absolute inset-0 ${isActive ? '' : 'invisible'}`} inert={!isActive}>
      {placed.map(({ node, area }) =>
        node.kind === 'pane' ? (
          <div key={node.id} className="absolute" style={styleOf(area)}>
            <PaneView
              pane={node}
              focused={tab.focused}
              isOneOfMany={node !== tab.root}
              isVisible={isActive}
            />
          </div>
        ) : (
          <Divider key={node.id} split={node} area={area} box={box} />
        ),
      )}
    </div>
  );
}

function styleOf({ left, top, width, height }: Area) {
  const share = (part: number) => `${part * 100}%`;
  return { left: share(left), top: share(top), width: share(width), height: share(height) };
}

function PaneView({
  pane,
  focused,
  isOneOfMany,
  isVisible,
}: {
  readonly pane: Pane;
  readonly focused: string;
  readonly isOneOfMany: boolean;
  readonly isVisible: boolean;
}) {
  const known = useSession(pane.session);
  const mayStart = useMayOperate(pane.session);
  return (
    <div
      className="h-full min-h-0 min-w-0"
      onFocusCapture={() => changeLayout((layout) => focus(layout, pane.id))}
      onPointerDown={() => changeLayout((layout) => focus(layout, pane.id))}
    >
      <Suspense fallback={<p className="p-4 text-muted">Loading the terminal…</p>}>
        <TerminalPane
          session={pane.session}
          known={known}
          isFocused={pane.id === focused}
          isOneOfMany={isOneOfMany}
          isVisible={isVisible}
          actions={{
            onClose: () => changeLayout((layout) => closePane(layout, pane.id)),
            ...(mayStart && {
              onSplit: (direction) => void splitPane(pane, direction),
              onRunAgain: () => known && void runAgain(known),
              onRestore: () => known && void restoreSession(known),
            }),
            ...(isElsewhere(pane.session) ? {} : { onShare: () => sharing.set(pane.session) }),
          }}
        />
      </Suspense>
    </div>
  );
}

interface DividerProps {
  readonly split: Split;
  readonly area: Area;
  /** Of the whole tab. */
  readonly box: RefObject<HTMLDivElement | null>;
}

/** Between the two sides of a split: dragged, or moved by arrow keys. */
function Divider({ split, area, box }: DividerProps) {
  const { direction, ratio, id } = split;
  const isRow = direction === 'row';
  const move = (event: PointerEvent) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !box.current) return;
    const { left, top, width, height } = box.current.getBoundingClientRect();
    const x = ((event.clientX - left) / width - area.left) / area.width;
    const y = ((event.clientY - top) / height - area.top) / area.height;
    changeLayout((layout) => setRatio(layout, id, isRow ? x : y));
  };
  const at = isRow
    ? { ...area, left: area.left + area.width * ratio, width: 0 }
    : { ...area, top: area.top + area.height * ratio, height: 0 };
  return (
    <div
      role="separator"
      aria-label="Size of the panes"
      aria-orientation={isRow ? 'vertical' : 'horizontal'}
      aria-valuenow={Math.round(ratio * 100)}
      aria-valuemin={10}
      aria-valuemax={90}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={move}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
        if (by !== undefined) changeLayout((layout) => setRatio(layout, id, ratio + by));
      }}
      style={{ ...styleOf(at), ...(isRow ? { width: 1 } : { height: 1 }) }}
      className={`absolute z-[1] touch-none bg-line transition-colors hover:bg-accent focus-visible:bg-accent ${isRow ? 'cursor-col-resize before:absolute before:inset-y-0 before:-inset-x-1' : 'cursor-row-resize before:absolute before:inset-x-0 before:-inset-y-1'}`}
    />
  );
}
