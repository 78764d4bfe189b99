import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputWait, passTime, Terminal } from '@holdfast/testkit';
import { ReplacedTerminal, type Shown } from './replaced-terminal.ts';
import { VttestKeys } from './vttest-keys.ts';

const VTTEST = '/usr/bin/vttest';
const SIZE = { cols: 80, rows: 24 };
/** It waits for a key when so many looks have found it in the same read, and nothing that it wrote before: that may be under way. */
const QUIET_LOOKS = 6;
const LOOK_EVERY_MS = 3;
/** Nobody reads an answer that is not waited for any more: it is the beginning of the next line. */
const UNREAD_MS = 1_000;
/** When nothing comes. It sleeps for 5 s itself, behind a reset. */
const PATIENCE_MS = 30_000;
/** More than any menu has. */
const MOST_PAGES = 1_000;
/** Does all that a menu has, one after the other. */
const ALL = '*';
const LEAVE = '0';
/** How it asks for a choice, and again. */
const MENU = /Enter choice number \(0 - (\d+)\):(?:[^\n]*\n *Bad choice, try again:)*$/;
/** The main menu has no number. */
const MAIN_MENU = /^ *VT100 test program, version /m;
/** What it shows last, when its main menu has been left. */
const GOODBYE = /^ *That's all, folks!$/m;
/** An answer that came late stands where the choice is typed. */
const KILL_LINE = '\x15';

export interface TourOptions {
  readonly readBytes: number;
  /** What there must be at least; with fewer it was not gone through. */
  readonly fewestPages: number;
  /** There are pages behind this choice, and no menu. */
  readonly hasNoMenu?: boolean;
  /** Another one than the system's. */
  readonly program?: string;
  /** Menus, by their titles, that are gone through elsewhere: the later terminals have those of the earlier ones. */
  readonly elsewhere?: RegExp;
  /** What is chosen in the menu, one by one; all if not given. */
  readonly choices?: readonly string[];
  /** What the terminal says that it is. */
  readonly deviceAttributes?: string;
}

/** A menu that was come upon. */
export interface Menu {
  /** As `11.3`; the main menu has none. */
  readonly path: string;
  readonly title: string;
  /** The number of its last entry. */
  readonly last: number;
  /** Whether it was gone through; else it was on the way, or is gone through elsewhere. */
  readonly isDone: boolean;
}

export interface Tour {
  readonly pages: number;
  readonly menus: readonly Menu[];
  /** Of the first page at which something was wrong; else what was not gone through. */
  readonly faults: readonly string[];
}

/** Goes through all pages of one of vttest's menus, and of those below it, and leaves it; compares what each shows. */
export async function tourOf(path: string, options: TourOptions): Promise<Tour> {
  using vttest = new Vttest(options);
  const way = new Way(path, options);
  const keys = new VttestKeys();
  for (let pages = 1; pages <= MOST_PAGES; pages += 1) {
    const hasEnded = await vttest.settle();
    const faults = vttest.terminal.faults();
    const shown = vttest.terminal.shown();
    if (faults.length > 0) return { pages, menus: way.menus, faults: [...faults, shown.page] };
    if (hasEnded) return { pages, menus: way.menus, faults: way.notGone({ pages, page: shown.page }) };
    const choice = way.choose(shown);
    vttest.type(choice === undefined ? keys.next(shown) : `${KILL_LINE}${choice}\r`);
  }
  throw new Error(`vttest has not ended behind ${MOST_PAGES} pages of menu ${path}`);
}

class Vttest implements Disposable {
  readonly terminal: ReplacedTerminal;
  /** It writes a log, where it is told to. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-vttest-'));
  readonly #pty: Terminal;
  /** In which of its waits something was typed last, and how long that may leave it as it is. */
  #typed: { readonly wait: number | undefined; readonly untilMs: number } | undefined;

  constructor({ readBytes, deviceAttributes, program = VTTEST }: TourOptions) {
    const env = { PATH: '/usr/bin:/bin', TERM: 'xterm', HOME: this.#folder, LANG: 'C.UTF-8' };
    const command = { file: program, argv: ['vttest'], env };
    this.#pty = new Terminal(command, { size: SIZE, cwd: this.#folder });
    const answer = (text: string) => this.#type(text, UNREAD_MS);
    this.terminal = new ReplacedTerminal(SIZE, answer, { readBytes, deviceAttributes });
  }

  /** Types keys that it reads, for sure. */
  type(keys: string): void {
    this.#type(keys, PATIENCE_MS);
  }

  /** Shows all that comes, until it waits for a key. Says whether it has ended instead. */
  async settle(): Promise<boolean> {
    let deadline = performance.now() + PATIENCE_MS;
    let looks = 0;
    let waitBefore: number | undefined;
    while (looks < QUIET_LOOKS && performance.now() < deadline) {
      const wait = inputWait(this.#pty.pid);
      const isQuiet = !this.#pty.isRunning || (wait === waitBefore && this.#isUnanswered(wait));
      const { bytes } = this.#pty.screen;
      const hasNews = bytes.length > this.terminal.end;
      if (hasNews) {
        this.terminal.read(bytes);
        deadline = performance.now() + PATIENCE_MS;
      }
      looks = isQuiet && !hasNews ? looks + 1 : 0;
      waitBefore = wait;
      await passTime(LOOK_EVERY_MS);
    }
    if (looks === QUIET_LOOKS) return !this.#pty.isRunning;
    throw new Error(`vttest waits for nothing; it shows:\n${this.terminal.shown().page}`);
  }

  #type(text: string, withinMs: number): void {
    this.#typed = { wait: inputWait(this.#pty.pid), untilMs: performance.now() + withinMs };
    this.#pty.type(text);
  }

  /** Whether it waits for something that has not been typed. */
  #isUnanswered(wait: number | undefined): boolean {
    if (wait === undefined) return false;
    return wait !== this.#typed?.wait || performance.now() > this.#typed.untilMs;
  }

  [Symbol.dispose](): void {
    this.#pty[Symbol.dispose]();
    this.terminal[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

/** What is chosen in menus on the way to one of them, in it, and on the way out. */
class Way {
  readonly menus: Menu[] = [];
  readonly #path: string;
  readonly #steps: readonly string[];
  readonly #options: TourOptions;
  readonly #choices: string[];
  /** Entries that were chosen on the way, by their paths. */
  readonly #taken = new Set<string>();

  constructor(path: string, options: TourOptions) {
    this.#path = path;
    this.#steps = path.split('.');
    this.#options = options;
    this.#choices = [...(options.choices ?? [ALL])];
  }

  /** Undefined at what is no menu. */
  choose({ page, beforeCursor }: Shown): string | undefined {
    const last = MENU.exec(beforeCursor)?.[1];
    if (last === undefined) return undefined;
    const { path, title } = headOf(page);
    const depth = path === '' ? 0 : path.split('.').length;
    const isNew = !this.menus.some((menu) => menu.path === path);
    const isDone = depth >= this.#steps.length && this.#options.elsewhere?.test(title) !== true;
    if (isNew) this.menus.push({ path, title, last: Number(last), isDone });
    if (path === this.#path) return this.#choices.shift() ?? LEAVE;
    if (!isNew) return LEAVE;
    return isDone ? ALL : this.#step(depth, Number(last));
  }

  /** What was to be gone through, and was not. */
  notGone({ pages, page }: { pages: number; page: string }): string[] {
    const { fewestPages, hasNoMenu = false } = this.#options;
    const isDone = hasNoMenu || this.menus.some((menu) => menu.path === this.#path && menu.isDone);
    return [
      ...(this.#taken.has(this.#path) ? [] : [`${this.#path} was not chosen`]),
      ...(isDone ? [] : [`menu ${this.#path} was not gone through`]),
      ...(hasNoMenu || this.#choices.length === 0 ? [] : [`not chosen in it: ${this.#choices.join(' ')}`]),
      ...(pages >= fewestPages ? [] : [`${pages} pages, instead of ${fewestPages} at least`]),
      ...(GOODBYE.test(page) ? [] : [`not its last page: ${page.trim()}`]),
    ];
  }

  #step(depth: number, last: number): string {
    const step = this.#steps[depth];
    // It is another menu of this depth, or has no such entry.
    if (step === undefined || Number(step) > last) return LEAVE;
    this.#taken.add(this.#steps.slice(0, depth + 1).join('.'));
    return step;
  }
}

function headOf(page: string): { path: string; title: string } {
  if (MAIN_MENU.test(page)) return { path: '', title: '' };
  // The menu of the known bugs has a text above it, and no number.
  if (page.startsWith('Test of known bugs')) return { path: '9', title: 'Known bugs' };
  const [, path, title] = /^ *Menu ([\d.]+): (.*)$/m.exec(page) ?? [];
  if (path === undefined || title === undefined) throw new Error(`a menu without a heading:\n${page}`);
  return { path, title };
}
