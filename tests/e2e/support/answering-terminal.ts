import { findQueries, plainAnswer, type TerminalFacts } from '@holdfast/screen/queries';
import { eventually, type Terminal } from '@holdfast/testkit';

/** A user's terminal of some brand: it answers whatever it is asked, as real ones do. */
export class AnsweringTerminal implements Disposable {
  readonly terminal: Terminal;
  readonly queries: string[] = [];
  readonly #facts: TerminalFacts;
  readonly #answering: NodeJS.Timeout;
  #at = 0;

  constructor(terminal: Terminal, brand: string) {
    this.terminal = terminal;
    this.#facts = { DA1: `\x1b[?6${brand.length};22c`, XTVERSION: `\x1bP>|${brand}\x1b\\` };
    this.#answering = setInterval(() => this.#answer(), 3);
  }

  async asked(query: string): Promise<void> {
    await eventually(`it is asked ${JSON.stringify(query)}`, () => this.queries.includes(query));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#answering);
    this.terminal[Symbol.dispose]();
  }

  #answer(): void {
    const { bytes } = this.terminal.screen;
    const shown = bytes.subarray(this.#at);
    this.#at += findQueries(shown, (from, to) => {
      const query = shown.toString('latin1', from, to);
      this.queries.push(query);
      const answer = plainAnswer(query, { cols: 100, rows: 30, facts: this.#facts })?.text;
      if (answer) this.terminal.type(answer);
    });
  }
}
