import type { DragEvent } from 'react';
import { toast } from 'sonner';
import { droppedPaths } from './dropped-paths.ts';
import type { LiveTerminal } from './live-terminal.ts';

/** What is dropped on a terminal has its path typed. */
export function drop(event: DragEvent, live: LiveTerminal | undefined): void {
  event.preventDefault();
  const dropped = droppedPaths(event.dataTransfer);
  if (dropped?.areNames) toast.info('A browser only tells a file’s name, not its folder.');
  if (dropped) live?.view.terminal.paste(dropped.text);
  live?.view.terminal.focus();
}
