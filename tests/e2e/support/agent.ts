import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import { type TestHome, untilEnded } from '@holdfast/testkit';

export type Answer = Record<string, unknown>;

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Progress) => void;
}

/** A coding agent: the SDK's own client, which has started `holdfast mcp` as agents do, with pipes. */
export class Agent implements AsyncDisposable {
  readonly client: Client;
  readonly #transport: StdioClientTransport;

  static async start(
    home: TestHome,
    options: { args?: readonly string[]; name?: string; cwd?: string } = {},
  ) {
    const { args = [], name = 'tester', cwd = '/' } = options;
    const transport = new StdioClientTransport({
      command: home.installation.bin,
      args: ['mcp', ...args],
      env: { ...home.env },
      cwd,
      stderr: 'pipe',
    });
    const client = new Client({ name, version: '1' });
    const agent = new Agent(client, transport);
    // What it prints has to be what it has said it would: the client checks that by the tools' schemas.
    await client.connect(transport);
    await client.listTools();
    return agent;
  }

  private constructor(client: Client, transport: StdioClientTransport) {
    this.client = client;
    this.#transport = transport;
  }

  get pid(): number {
    return this.#transport.pid ?? -1;
  }

  /** What a tool answers, as data. Throws what it says if that is an error. */
  async call(name: string, input: Answer, options?: CallOptions): Promise<Answer> {
    const result = await this.result(name, input, options);
    if (result.isError) throw new Error(textOf(result));
    return result.structuredContent ?? {};
  }

  /** The text of a tool's error. */
  async refused(name: string, input: Answer): Promise<string> {
    const result = await this.result(name, input);
    if (!result.isError) throw new Error(`${name} was not refused: ${textOf(result)}`);
    return textOf(result);
  }

  async result(name: string, input: Answer, options: CallOptions = {}): Promise<CallToolResult> {
    const limits = { timeout: 90_000, ...options };
    return (await this.client.callTool({ name, arguments: input }, undefined, limits)) as CallToolResult;
  }

  /** Opens a terminal; its name. */
  async open(name: string, command: readonly string[], more: Answer = {}): Promise<string> {
    await this.call('terminal_new', { name, command: [...command], ...more });
    return name;
  }

  type(terminal: string, text: string): Promise<Answer> {
    return this.call('terminal_send', { terminal, text, enter: true });
  }

  /** Waits for output since the last typing; what was found. Throws if it does not come. */
  async until(terminal: string, regex: string, more: Answer = {}): Promise<string> {
    const answer = await this.call('terminal_wait', {
      terminal,
      for: 'regex',
      regex,
      timeoutMs: 60_000,
      ...more,
    });
    if (answer['met'] !== true) throw new Error(`${regex} did not come: ${JSON.stringify(answer)}`);
    return (answer['match'] as { text: string } | undefined)?.text ?? '';
  }

  async screen(terminal: string): Promise<string> {
    return String((await this.call('terminal_read', { terminal, what: 'screen' }))['text']);
  }

  /** All output that is kept, part by part; each begins where the one before ended. */
  async readAll(terminal: string, maxBytes: number, format: 'ansi' | 'text' = 'ansi'): Promise<string> {
    let text = '';
    let from: unknown = 'start';
    for (;;) {
      const read = await this.call('terminal_read', { terminal, from, maxBytes, format });
      if (from !== 'start' && read['from'] !== from)
        throw new Error(`${String(from)} became ${String(read['from'])}`);
      text += String(read['text']);
      from = read['next'];
      if (read['next'] === read['end']) return text;
    }
  }

  /** Ends stdin, as an agent does that ends; resolves when the server has ended by itself. */
  async leave(): Promise<void> {
    const { pid } = this;
    await this.client.close();
    await untilEnded(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

function textOf(result: CallToolResult): string {
  return result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
