import type { ITheme } from '@xterm/xterm';

const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#1c2230',
  cursor: '#1d5fe0',
  cursorAccent: '#ffffff',
  selectionBackground: '#bcd2fb',
  selectionInactiveBackground: '#dfe4ec',
  black: '#1c2230',
  red: '#c02626',
  green: '#1a7f37',
  yellow: '#8a5a00',
  blue: '#1d5fe0',
  magenta: '#8b35b8',
  cyan: '#0b7285',
  white: '#6b7383',
  brightBlack: '#596273',
  brightRed: '#d43c3c',
  brightGreen: '#2b9348',
  brightYellow: '#a86f00',
  brightBlue: '#3b78f2',
  brightMagenta: '#a34fd0',
  brightCyan: '#15899e',
  brightWhite: '#3a4252',
};

const DARK: ITheme = {
  background: '#0f131a',
  foreground: '#dfe4ec',
  cursor: '#8ab0ff',
  cursorAccent: '#0f131a',
  selectionBackground: '#2f4a80',
  selectionInactiveBackground: '#2a3240',
  black: '#2a3240',
  red: '#f47575',
  green: '#6fd08c',
  yellow: '#f0c05a',
  blue: '#7aa7ff',
  magenta: '#cf96f5',
  cyan: '#5fd0dd',
  white: '#c5ccd8',
  brightBlack: '#7c8798',
  brightRed: '#ff9a9a',
  brightGreen: '#96e6ad',
  brightYellow: '#ffd97f',
  brightBlue: '#a4c3ff',
  brightMagenta: '#e2bbff',
  brightCyan: '#92e6ef',
  brightWhite: '#ffffff',
};

/** What is found, and what of it is looked at, which is selected besides: its border is what tells it. */
interface MatchColours {
  readonly matchBackground: string;
  readonly matchOverviewRuler: string;
  readonly activeMatchBackground: string;
  readonly activeMatchBorder: string;
  readonly activeMatchColorOverviewRuler: string;
}

const LIGHT_MATCHES: MatchColours = {
  matchBackground: '#ffe9a8',
  matchOverviewRuler: '#d4a017',
  activeMatchBackground: '#ffc94d',
  activeMatchBorder: '#9a5b00',
  activeMatchColorOverviewRuler: '#9a5b00',
};

const DARK_MATCHES: MatchColours = {
  matchBackground: '#5c4a12',
  matchOverviewRuler: '#b7891f',
  activeMatchBackground: '#8a6a14',
  activeMatchBorder: '#fbbf24',
  activeMatchColorOverviewRuler: '#fbbf24',
};

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Calls back with the theme of the system, now and when it changes; returns what ends that. */
export function followTheme(listener: (theme: ITheme) => void): () => void {
  const tell = () => listener(dark.matches ? DARK : LIGHT);
  dark.addEventListener('change', tell);
  tell();
  return () => dark.removeEventListener('change', tell);
}

export function matchColours(): MatchColours {
  return dark.matches ? DARK_MATCHES : LIGHT_MATCHES;
}
