/** What the page does at a key, wherever the focus is. All of them have Alt+Shift, which programs in terminals rarely use. */
export type Command =
  | 'newSession'
  | 'splitRight'
  | 'splitDown'
  | 'closePane'
  | 'nextTab'
  | 'previousTab'
  | 'nextPane'
  | 'sessions'
  | 'settings'
  | 'find'
  | 'larger'
  | 'smaller'
  | 'usualSize'
  | 'shortcuts';

interface KeyRow {
  readonly command: Command;
  /** `KeyboardEvent.code`: the place of the key, whatever Alt makes of its letter. */
  readonly code: string;
  /** As it is printed on the key. */
  readonly key: string;
  readonly does: string;
}

export const KEYS: readonly KeyRow[] = [
  { command: 'newSession', code: 'KeyN', key: 'N', does: 'New session' },
  { command: 'sessions', code: 'KeyS', key: 'S', does: 'Go to the list of sessions, and search' },
  { command: 'splitRight', code: 'KeyD', key: 'D', does: 'Split: another terminal beside this one' },
  { command: 'splitDown', code: 'KeyE', key: 'E', does: 'Split: another terminal below this one' },
  { command: 'closePane', code: 'KeyW', key: 'W', does: 'Close this pane; its session runs on' },
  { command: 'nextPane', code: 'KeyO', key: 'O', does: 'Next pane' },
  { command: 'nextTab', code: 'ArrowRight', key: '→', does: 'Next tab' },
  { command: 'previousTab', code: 'ArrowLeft', key: '←', does: 'Previous tab' },
  { command: 'find', code: 'KeyF', key: 'F', does: 'Find in this terminal' },
  { command: 'larger', code: 'Equal', key: '+', does: 'Larger text' },
  { command: 'smaller', code: 'Minus', key: '−', does: 'Smaller text' },
  { command: 'usualSize', code: 'Digit0', key: '0', does: 'Usual text size' },
  { command: 'settings', code: 'Comma', key: ',', does: 'Settings' },
  { command: 'shortcuts', code: 'Slash', key: '/', does: 'This list' },
];

type Keys = Pick<KeyboardEvent, 'altKey' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'code'>;

/** Undefined if the key is not the page's. */
export function commandOf(event: Keys): Command | undefined {
  const { altKey, shiftKey, ctrlKey, metaKey, code } = event;
  if (!altKey || !shiftKey || ctrlKey || metaKey) return undefined;
  return KEYS.find((row) => row.code === code)?.command;
}

export function keyOf(command: Command): string {
  return `Alt+Shift+${KEYS.find((row) => row.command === command)?.key}`;
}
