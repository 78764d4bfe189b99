import { useEffect } from 'react';
import { type Command, commandOf } from './keys.ts';
import { splitPane } from './layout/commands.ts';
import { changeLayout, layoutStore } from './layout/layout-store.ts';
import { activateNext, closePane, focusedPane, focusNext } from './layout/layout.ts';
import { zoom } from './preferences.ts';
import { goTo } from './route.ts';

export interface Doors {
  readonly openNew: () => void;
  readonly openList: () => void;
}

/** Does what keys say, wherever the focus is. Each of the doors must stay the same function. */
export function useKeyCommands({ openNew, openList }: Doors): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const command = commandOf(event);
      // Each pane finds in itself.
      if (command === undefined || command === 'find') return;
      event.preventDefault();
      carryOut(command, { openNew, openList });
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [openNew, openList]);
}

function carryOut(command: Exclude<Command, 'find'>, { openNew, openList }: Doors): void {
  const pane = focusedPane(layoutStore.get());
  switch (command) {
    case 'newSession':
      return openNew();
    case 'splitRight':
      return pane && void splitPane(pane, 'row');
    case 'splitDown':
      return pane && void splitPane(pane, 'column');
    case 'closePane':
      return pane && changeLayout((layout) => closePane(layout, pane.id));
    case 'nextPane':
      return changeLayout((layout) => focusNext(layout, 1));
    case 'nextTab':
      return changeLayout((layout) => activateNext(layout, 1));
    case 'previousTab':
      return changeLayout((layout) => activateNext(layout, -1));
    case 'sessions':
      openList();
      return document.getElementById('session-search')?.focus();
    case 'settings':
      return goTo('settings');
    case 'shortcuts':
      return goTo('shortcuts');
    case 'larger':
      return zoom(1);
    case 'smaller':
      return zoom(-1);
    case 'usualSize':
      return zoom(0);
  }
}
