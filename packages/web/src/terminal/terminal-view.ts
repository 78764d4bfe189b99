import { ClipboardAddon } from '@xterm/addon-clipboard';
import { FitAddon } from '@xterm/addon-fit';
import { ImageAddon } from '@xterm/addon-image';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { copyText } from '../copy-text.ts';
import type { LinkSink, PieceRights, Size } from './link.ts';
import { guardParser } from './parser-guard.ts';
import { silenceQueries } from './queries.ts';
import { followMotion } from './still-cursor.ts';
import { followTheme } from './themes.ts';

const SCROLLBACK_LINES = 10_000;
/** What comes between pieces of output. */
const NO_OUTPUT: PieceRights = { isReplay: false, answers: false };
/** A session that is larger than the pane is shown smaller, as far as it can be read. */
const SMALLEST_FONT = 5;
const FONT_FAMILY =
  "ui-monospace, 'Cascadia Code', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

export interface TerminalViewOptions {
  readonly element: HTMLElement;
  readonly fontSize: number;
  readonly screenReader: boolean;
  readonly onInput: (bytes: Uint8Array) => void;
  readonly onTitle: (title: string) => void;
  /** The size of the session has changed, or how much of it fits. */
  readonly onLayout: () => void;
  /** Whether this page leads now. */
  readonly isLeading: () => boolean;
  /** Whether programs may fill this browser's clipboard: not that of somebody who only looks. */
  readonly mayCopy: () => boolean;
  /** Whether the program has ended: nobody but this page sets the size then. */
  readonly hasEnded: () => boolean;
  /** Something that was printed can't be shown. */
  readonly onFault: (cause: unknown) => void;
  /** False: the key is the page's, not the terminal's. */
  readonly takesKey: (event: KeyboardEvent) => boolean;
}

/** An xterm.js terminal, which has the session's size, within an element that has its own. */
export class TerminalView implements LinkSink {
  readonly terminal: Terminal;
  readonly search = new SearchAddon();
  readonly #fit = new FitAddon();
  readonly #options: TerminalViewOptions;
  readonly #ends: (() => void)[] = [];
  /** Of each write that isn't parsed yet, oldest first. */
  readonly #rights: PieceRights[] = [];
  #fontSize: number;
  #webgl: WebglAddon | undefined;
  /** What would fit in at the font size that is wanted. */
  #viewport: Size = { cols: 80, rows: 24 };

  constructor(options: TerminalViewOptions) {
    this.#options = options;
    this.#fontSize = options.fontSize;
    this.terminal = new Terminal({
      allowProposedApi: true, // unicode
      fontFamily: FONT_FAMILY,
      fontSize: options.fontSize,
      lineHeight: 1.15,
      scrollback: SCROLLBACK_LINES,
      screenReaderMode: options.screenReader,
      macOptionIsMeta: true,
      minimumContrastRatio: 3,
      linkHandler: { activate: (_event, uri) => openLink(uri) },
    });
    const { terminal } = this;
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    terminal.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri)));
    // A program may fill the clipboard, as in every terminal. The browser refuses that to a page that hasn't got the focus.
    const fill = (_: unknown, text: string) => copyText(text).catch(() => undefined);
    terminal.loadAddon(new ClipboardAddon(undefined, { readText: () => '', writeText: fill }));
    terminal.open(options.element);
    terminal.loadAddon(new ImageAddon());
    guardParser(terminal, options.onFault);
    this.#ends.push(followTheme((theme) => (terminal.options.theme = theme)));
    this.#ends.push(followMotion(terminal));
    silenceQueries(terminal, {
      isAnswering: () => this.#rights[0]?.answers === true,
      mayCopy: () => !this.#isReplaying && options.mayCopy(),
    });
    const encoder = new TextEncoder();
    terminal.onData((text) => this.#typed(text, encoder.encode(text)));
    terminal.onBinary((text) =>
      this.#typed(
        text,
        Uint8Array.from(text, (character) => character.charCodeAt(0)),
      ),
    );
    terminal.onTitleChange(options.onTitle);
    terminal.attachCustomKeyEventHandler(options.takesKey);
    this.measure();
  }

  /** What fits into the element. */
  get viewport(): Size {
    return this.#viewport;
  }

  /** True if the session is shown at another size than the pane's. */
  get isLetterboxed(): boolean {
    const { cols, rows } = this.terminal;
    return cols !== this.#viewport.cols || rows !== this.#viewport.rows;
  }

  write(bytes: Uint8Array, rights: PieceRights, parsed: () => void): void {
    this.#rights.push(rights);
    this.terminal.write(bytes, () => {
      this.#rights.shift();
      parsed();
    });
  }

  resize({ cols, rows }: Size): void {
    this.#inOrder(() => {
      this.terminal.resize(cols, rows);
      this.#place();
    });
  }

  /** Nothing comes any more: from here on the terminal has the size of the element. */
  end(): void {
    this.#inOrder(() => this.measure());
  }

  reset(): void {
    this.#inOrder(() => this.terminal.reset());
  }

  setFontSize(fontSize: number): void {
    this.#fontSize = fontSize;
    this.measure();
  }

  /** The element may have another size. */
  measure(): void {
    this.terminal.options.fontSize = this.#fontSize;
    const proposed = this.#fit.proposeDimensions();
    // It can't be seen now: nothing is known.
    if (proposed && proposed.cols > 1 && proposed.rows > 1)
      this.#viewport = { cols: proposed.cols, rows: proposed.rows };
    if (this.#options.hasEnded()) this.terminal.resize(this.#viewport.cols, this.#viewport.rows);
    this.#place();
  }

  /** Browsers have few WebGL contexts: only what can be seen has one. */
  setVisible(isVisible: boolean): void {
    if (!isVisible) {
      this.#webgl?.dispose();
      this.#webgl = undefined;
    } else if (!this.#webgl) {
      try {
        const webgl = new WebglAddon();
        webgl.onContextLoss(() => this.setVisible(false));
        this.terminal.loadAddon(webgl);
        this.#webgl = webgl;
      } catch {
        // No WebGL here: the terminal is drawn by elements, which is slower.
      }
    }
    if (isVisible) this.measure();
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.setVisible(false);
    this.terminal.dispose();
  }

  /** Whether what is parsed now is older than the connection. */
  get #isReplaying(): boolean {
    return this.#rights[0]?.isReplay === true;
  }

  /** Between what was written before and what comes after. */
  #inOrder(act: () => void): void {
    this.#rights.push(NO_OUTPUT);
    this.terminal.write('', () => {
      this.#rights.shift();
      act();
    });
  }

  #typed(text: string, bytes: Uint8Array): void {
    // To type is to lead: that a window has got the focus is no reason to.
    // Nor is it one that a program asked to be told of it before this page was there.
    if ((this.#isReplaying || !this.#options.isLeading()) && (text === '\u001B[I' || text === '\u001B[O'))
      return;
    this.#options.onInput(bytes);
  }

  /** Makes a session fit that is larger than the pane. */
  #place(): void {
    const { cols, rows } = this.terminal;
    const share = Math.min(1, this.#viewport.cols / cols, this.#viewport.rows / rows);
    const fontSize =
      share === 1 ? this.#fontSize : Math.max(SMALLEST_FONT, Math.floor(this.#fontSize * share * 2) / 2);
    if (this.terminal.options.fontSize !== fontSize) this.terminal.options.fontSize = fontSize;
    this.#options.onLayout();
  }
}

/** Opens a link that a program has printed, if it is one for a browser. */
function openLink(uri: string): void {
  if (/^https?:/i.test(uri)) window.open(uri, '_blank', 'noopener,noreferrer');
}
