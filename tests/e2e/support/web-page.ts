import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { eventually, repository } from '@holdfast/testkit';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import type { Accepting } from './test-host.ts';

/** Where the pictures go that people look at: not of the repository. */
const PICTURES = path.join(repository, 'node_modules', '.cache', 'holdfast', 'pictures');
const HEADER_BYTES = 8;

export const lacksBrowser: boolean =
  process.env['HOLDFAST_MISSING_PROGRAMS']?.split(',').includes('chromium') ?? false;

/** The system's Chromium. */
export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Its own sandbox needs rights that a container does not give to root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

export interface WebPageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly hasTouch?: boolean;
  /** As somebody whose system is told to move nothing. */
  readonly isStill?: boolean;
}

/** What a terminal of the page began with. */
export interface WebScreen {
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
  readonly incomplete: readonly string[];
  readonly text: string;
}

/** One window of the page, and what it has got from the host. */
export class WebPage implements AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page itself. */
  readonly errors: string[] = [];
  /** Frames of output, of all its terminals, by the path of their WebSocket. */
  readonly output = new Map<string, { readonly offset: number; readonly bytes: Buffer }[]>();
  /** Screens that its terminals began with, as frames of text, by the path of their WebSocket. */
  readonly screens = new Map<string, WebScreen[]>();
  /** How many WebSockets it has opened, by their paths. */
  readonly sockets = new Map<string, number>();
  #recordsOutput = false;

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', ({ message }) => this.errors.push(message));
    page.on('console', (message) => {
      // What can't be fetched while no host is there is said by the browser itself.
      if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text()))
        this.errors.push(message.text());
    });
    page.on('websocket', (socket) => {
      const { pathname } = new URL(socket.url());
      this.sockets.set(pathname, (this.sockets.get(pathname) ?? 0) + 1);
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string') return this.#noteScreen(pathname, payload);
        if (!this.#recordsOutput) return;
        const frames = this.output.get(pathname) ?? [];
        this.output.set(pathname, frames);
        frames.push({ offset: Number(payload.readBigUInt64LE()), bytes: payload.subarray(HEADER_BYTES) });
      });
    });
  }

  /** A window with a cookie jar of its own; with the host's token, unless `token` is another, or empty. */
  static async open(
    browser: Browser,
    host: Accepting,
    { token = host.token, ...options }: WebPageOptions & { readonly token?: string } = {},
  ): Promise<WebPage> {
    const { colorScheme = 'dark', viewport = { width: 1280, height: 800 }, hasTouch = false } = options;
    const reducedMotion = options.isStill ? 'reduce' : 'no-preference';
    const context = await browser.newContext({
      colorScheme,
      viewport,
      hasTouch,
      isMobile: hasTouch,
      reducedMotion,
    });
    const opened = new WebPage(context, await context.newPage());
    await opened.page.addInitScript(RECORD_LINKS);
    await opened.page.goto(token === '' ? host.url : `${host.url}#token=${token}`);
    return opened;
  }

  #noteScreen(pathname: string, message: string): void {
    const { type, ...screen } = JSON.parse(message) as { type: string } & WebScreen;
    if (type === 'screen') this.screens.set(pathname, [...(this.screens.get(pathname) ?? []), screen]);
  }

  /** The screens of one session. */
  screensOf(session: string): readonly WebScreen[] {
    return this.screens.get(`/terminal/${session}`) ?? [];
  }

  /** From now on `output` is kept. */
  recordOutput(): void {
    this.#recordsOutput = true;
  }

  /** A pane by its session's id; the only one. */
  pane(session: string): Locator {
    return this.page.locator(`[data-session="${session}"]`);
  }

  /**
   * Resolves when something in `place` has the focus. A key that is pressed before that goes elsewhere: what closes gives the focus
   * back a moment later, and what appears takes it a moment later.
   */
  async untilFocused(place: Locator): Promise<void> {
    await place.and(this.page.locator(':focus-within')).first().waitFor({ state: 'attached' });
  }

  /** Starts a session by the dialog, and waits until it can be typed into; its id. */
  async newSession(fields: { command?: string; folder?: string; name?: string }): Promise<string> {
    const { page } = this;
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor({ state: 'attached' });
    await page.keyboard.press('Alt+Shift+KeyN');
    await page.getByLabel('Command').fill(fields.command ?? '');
    await page.getByLabel('Folder').fill(fields.folder ?? '');
    await page.getByLabel('Name', { exact: true }).fill(fields.name ?? '');
    await page.getByRole('button', { name: 'Start session' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const shown = page.locator('[data-session]').filter({ visible: true }).last();
    await shown.locator('[data-link=live]').waitFor();
    await this.untilFocused(shown);
    return (await shown.getAttribute('data-session')) ?? '';
  }

  /** Everything in a terminal, what has scrolled away too, as lines without the blanks at their ends. */
  async text(session: string): Promise<string> {
    const read = `(() => {
      const live = document.querySelector('[data-session="${session}"] .terminal-box')?.holdfast;
      if (!live) return '';
      const { active } = live.view.terminal.buffer;
      const lines = [];
      for (let row = 0; row < active.length; row += 1) {
        const line = active.getLine(row);
        const text = line.translateToString(true);
        if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
        else lines.push(text);
      }
      return lines.join('\\n').trimEnd();
    })()`;
    return String(await this.page.evaluate(read));
  }

  /**
   * All that a terminal shows: cells with their colours and attributes, wrapped lines, the newest 1,000 lines above the screen, the cursor, the modes,
   * and the offset behind it. As text, a row a line.
   */
  async shown(session: string): Promise<string> {
    const read = `(() => {
      const live = document.querySelector('[data-session="${session}"] .terminal-box')?.holdfast;
      if (!live) return '';
      const { terminal } = live.view;
      const { active, normal } = terminal.buffer;
      const { baseY, cursorX, cursorY, type } = active;
      const { modes, cols, rows } = terminal;
      const lines = [JSON.stringify({ type, cursorX, cursorY, modes, cols, rows })];
      for (const buffer of active === normal ? [normal] : [active, normal])
        for (let y = Math.max(0, buffer.baseY - 1000); y < buffer.baseY + rows; y += 1) {
          const line = buffer.getLine(y);
          let row = line.isWrapped ? '+' : '';
          let pen = '';
          for (let x = 0; x < cols; x += 1) {
            const cell = line.getCell(x);
            const look = [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor(),
              cell.isBold(), cell.isDim(), cell.isItalic(), cell.isUnderline(), cell.isInverse(), cell.isBlink(),
              cell.isInvisible(), cell.isStrikethrough(), cell.isOverline()].map(Number).join();
            if (look !== pen) row += '<' + (pen = look) + '>';
            row += cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
          }
          lines.push(row.trimEnd());
        }
      return lines.join('\\n');
    })()`;
    return String(await this.page.evaluate(read));
  }

  /** Resolves with the text once it has this. */
  async untilText(session: string, wanted: string | RegExp, withinMs?: number): Promise<string> {
    const has = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
    let text = '';
    try {
      await eventually(
        `the terminal shows ${wanted}`,
        async () => {
          text = await this.text(session);
          return has(text);
        },
        withinMs,
      );
    } catch (cause) {
      throw new Error(`the terminal shows ${JSON.stringify(text.slice(-400))}`, { cause });
    }
    return text;
  }

  /** What the indicators have shown since `forgetLinks`, or the beginning, besides that all is well. */
  async linksShown(): Promise<string[]> {
    return this.page.evaluate<string[]>('[...window.linksShown]');
  }

  async forgetLinks(): Promise<void> {
    await this.page.evaluate('window.linksShown.clear()');
  }

  /** As when another tab is chosen, which no headless browser does by itself. */
  async setHidden(isHidden: boolean): Promise<void> {
    await this.page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
  }

  async picture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}

/** Remembers each label of an indicator, however shortly it was shown. */
const RECORD_LINKS = `
  window.linksShown = new Set();
  new MutationObserver(() => {
    for (const shown of document.querySelectorAll('[data-link]'))
      if (shown.dataset.link !== 'live') window.linksShown.add(shown.innerText.trim());
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
`;
