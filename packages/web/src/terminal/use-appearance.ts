import { useEffect } from 'react';
import { preferences } from '../preferences.ts';
import { useStore } from '../store.ts';
import type { LiveTerminal } from './live-terminal.ts';

export interface Appearance {
  readonly hasEnded: boolean;
  readonly isVisible: boolean;
}

/** What is shown as the user prefers it, and no more than has to be. */
export function useAppearance(live: LiveTerminal | undefined, { hasEnded, isVisible }: Appearance): void {
  const { fontSize, screenReader } = useStore(preferences);
  useEffect(() => live?.view.setFontSize(fontSize), [live, fontSize]);
  useEffect(() => {
    if (live) live.view.terminal.options.screenReaderMode = screenReader;
  }, [live, screenReader]);
  useEffect(() => {
    if (hasEnded) live?.view.end();
  }, [live, hasEnded]);
  useEffect(() => live?.view.setVisible(isVisible), [live, isVisible]);
}
