// What the measures of the host do with WebSockets, in a process of its own, as a browser is one:
//   node scripts/run-ts.mjs bench/host-pages.ts '{"at": {"url", "token", "pid"}, "daemonPid", "task", …}'
// prints its result as JSON.
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { processMemory } from './process-memory.ts';
import { median, quantile } from './statistics.ts';

interface Asked {
  readonly at: { readonly url: string; readonly token: string; readonly pid: number };
  readonly daemonPid: number;
  readonly task: keyof typeof TASKS;
  /** File to be shown. */
  readonly file: string;
  readonly count: number;
}

const HEADER_BYTES = 8;
/** As the page does it. */
const ACK_EVERY_BYTES = 64 * 1024;
const KEYS = 'abcdefghij';
/** Between an echo and the next key. */
const KEY_PAUSE_MS = 4;
const SETTLE_MS = 2_000;

const asked = JSON.parse(process.argv[2] ?? '') as Asked;

/** Seconds from typing `cat FILE` until what the shell prints after it has come. */
async function flood() {
  const page = await Page.open(await openShell());
  const seconds = await page.show(asked.file);
  page.close();
  return { seconds };
}

/** Milliseconds from each key to its echo. */
async function echo() {
  const page = await Page.open(await openShell());
  await page.show(asked.file);
  const reading = page.until('reading');
  page.type('stty -icanon; echo read""ing; cat >/dev/null\r');
  await reading;
  const latenciesMs: number[] = [];
  for (let typed = 0; typed < asked.count; typed += 1) {
    const key = KEYS.charAt(typed % KEYS.length);
    const shown = page.until(key);
    const beginMs = performance.now();
    page.type(key);
    latenciesMs.push((await shown) - beginMs);
    await pass(KEY_PAUSE_MS);
  }
  page.close();
  const [p10Ms, p99Ms] = [quantile(latenciesMs, 0.1), quantile(latenciesMs, 0.99)];
  return { p10Ms, p50Ms: median(latenciesMs), p99Ms };
}

/** What the daemon reads and writes while so many pages are shown the same file. */
async function viewers() {
  const session = await openShell();
  const pages: Page[] = [];
  for (let opened = 0; opened < asked.count; opened += 1) pages.push(await Page.open(session));
  const [first] = pages;
  if (!first) throw new Error('no page');
  const mark = randomMark();
  const shown = pages.map((page) => page.until(mark.printed));
  const before = callsOf(asked.daemonPid);
  first.type(`cat ${asked.file}; echo ${mark.typed}\r`);
  await Promise.all(shown);
  const after = callsOf(asked.daemonPid);
  for (const page of pages) page.close();
  return {
    reads: after.syscr - before.syscr,
    writes: after.syscw - before.syscw,
    writtenMb: (after.wchar - before.wchar) / 1e6,
  };
}

/** KB of the host's own memory that so many WebSockets add, which show an idle session. */
async function idle() {
  const session = await openShell();
  const before = processMemory(asked.at.pid).private;
  const pages = await Promise.all(Array.from({ length: asked.count }, () => Page.open(session)));
  await pass(SETTLE_MS);
  const after = processMemory(asked.at.pid).private;
  for (const page of pages) page.close();
  return { before, after };
}

/** The same for pages that never read while a file is shown to one that does. */
async function unread() {
  const session = await openShell();
  const before = processMemory(asked.at.pid).private;
  const pages = await Promise.all(Array.from({ length: asked.count }, () => Page.open(session)));
  for (const page of pages) page.stopReading();
  const reader = await Page.open(session);
  await reader.show(asked.file);
  await pass(SETTLE_MS);
  const after = processMemory(asked.at.pid).private;
  for (const page of [...pages, reader]) page.close();
  return { before, after };
}

/** A page's terminal, without a terminal. */
class Page {
  readonly #socket: WebSocket;
  #typed = 0;
  #offset = 0;
  #acknowledged = 0;
  #tail = Buffer.alloc(0);
  #waiter: { mark: Buffer; seen: (atMs: number) => void } | undefined;
  #attached: () => void = () => undefined;

  private constructor(session: string) {
    const url = new URL(`/terminal/${session}`, asked.at.url);
    url.protocol = 'ws:';
    const { authorization } = credentials();
    this.#socket = new WebSocket(url, { headers: { authorization }, perMessageDeflate: false });
    const stream = randomBytes(8).toString('hex');
    this.#socket.on('open', () => this.#say({ type: 'attach', from: 'new', cols: 120, rows: 40, stream }));
    this.#socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#output(data);
      else this.#told(JSON.parse(data.toString()) as { type: string; offset: number; message?: string });
    });
    this.#socket.on('error', (error) => {
      throw error;
    });
  }

  static async open(session: string): Promise<Page> {
    const page = new Page(session);
    await new Promise<void>((resolve) => {
      page.#attached = resolve;
    });
    return page;
  }

  /** Resolves with the time when it has come. */
  until(mark: string): Promise<number> {
    this.#tail = Buffer.alloc(0);
    return new Promise((seen) => {
      this.#waiter = { mark: Buffer.from(mark), seen };
    });
  }

  /** Has the shell show a file; seconds that this took. */
  async show(file: string): Promise<number> {
    const mark = randomMark();
    const shown = this.until(mark.printed);
    const beginMs = performance.now();
    this.type(`cat ${file}; echo ${mark.typed}\r`);
    return ((await shown) - beginMs) / 1_000;
  }

  type(text: string): void {
    const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), Buffer.from(text)]);
    frame.writeBigUInt64LE(BigInt(this.#typed));
    this.#typed += text.length;
    this.#socket.send(frame);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.terminate();
  }

  #say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  #told({ type, offset, message }: { type: string; offset: number; message?: string }): void {
    if (type === 'error') throw new Error(message);
    if (type !== 'attached' && type !== 'resync') return;
    this.#offset = offset;
    this.#acknowledged = offset;
    this.#attached();
  }

  #output(frame: Buffer): void {
    const bytes = frame.subarray(HEADER_BYTES);
    this.#offset += bytes.length;
    if (this.#offset - this.#acknowledged >= ACK_EVERY_BYTES) {
      this.#acknowledged = this.#offset;
      this.#say({ type: 'ack', offset: this.#offset });
    }
    const waiter = this.#waiter;
    if (!waiter) return;
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, waiter.mark.length)]);
    this.#tail = Buffer.from(bytes.subarray(-waiter.mark.length));
    if (!bytes.includes(waiter.mark) && !seam.includes(waiter.mark)) return;
    this.#waiter = undefined;
    waiter.seen(performance.now());
  }
}

/** What is typed must not look like what the shell prints of it. */
function randomMark(): { typed: string; printed: string } {
  const name = randomBytes(6).toString('hex');
  return { typed: `mark""${name}`, printed: `mark${name}` };
}

function credentials() {
  return { authorization: `Bearer ${asked.at.token}` };
}

/** A session with a shell that waits for input; its id. */
async function openShell(): Promise<string> {
  const made = await fetch(new URL('/api/terminal/create', asked.at.url), {
    method: 'POST',
    headers: { ...credentials(), 'content-type': 'application/json' },
    body: JSON.stringify({ command: ['sh'], cols: 120, rows: 40 }),
  });
  const { id } = (await made.json()) as { id: string };
  return id;
}

/** System calls of a process that read and write, and what it has written (Linux only). */
function callsOf(pid: number): { syscr: number; syscw: number; wchar: number } {
  const text = readFileSync(`/proc/${pid}/io`, 'latin1');
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
  return { syscr: field('syscr'), syscw: field('syscw'), wchar: field('wchar') };
}

const TASKS = { flood, echo, viewers, idle, unread } as const;

console.log(JSON.stringify(await TASKS[asked.task]()));
process.exit(0);
