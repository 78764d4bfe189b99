const KEYS: readonly (readonly [label: string, name: string, text: string])[] = [
  ['Esc', 'Esc', '\u001B'],
  ['Tab', 'Tab', '\t'],
  ['^C', 'Control C', '\u0003'],
  ['^D', 'Control D', '\u0004'],
  ['^Z', 'Control Z', '\u001A'],
  ['↑', 'Up', '\u001B[A'],
  ['↓', 'Down', '\u001B[B'],
  ['←', 'Left', '\u001B[D'],
  ['→', 'Right', '\u001B[C'],
  ['|', 'Bar', '|'],
  ['/', 'Slash', '/'],
  ['~', 'Tilde', '~'],
];

export interface TouchKeysProps {
  readonly onType: (text: string) => void;
  /** Whether the program has asked for application cursor keys, now. */
  readonly isApplicationCursor: () => boolean;
}

/** Keys that a phone's keyboard doesn't have. */
export function TouchKeys({ onType, isApplicationCursor }: TouchKeysProps) {
  // Of these keys only the arrows are told differently.
  const typed = (text: string) => (isApplicationCursor() ? text.replace('\u001B[', '\u001BO') : text);
  return (
    <div
      role="toolbar"
      aria-label="More keys"
      className="hidden shrink-0 gap-1 overflow-x-auto border-t border-line bg-panel p-1 pointer-coarse:flex"
    >
      {KEYS.map(([label, name, text]) => (
        <button
          key={name}
          type="button"
          aria-label={name}
          // The terminal, and with it the keyboard, keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onType(typed(text))}
          className="h-9 min-w-10 shrink-0 rounded-md border border-line bg-raised px-2 font-mono text-[13px] active:bg-hover"
        >
          {label}
        </button>
      ))}
    </div>
  );
}
