import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod/v4';
import { failureResult } from './failure.ts';

export type Call = RequestHandlerExtra<ServerRequest, ServerNotification>;

interface Tool<I extends z.ZodRawShape, O extends z.ZodRawShape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: I;
  readonly output: O;
  /** What it comes to, and the same in a line or two. */
  run(
    input: z.output<z.ZodObject<I>>,
    call: Call,
  ): Promise<{ answer: z.output<z.ZodObject<O>>; text: string }>;
}

/** Offers a tool; what it throws becomes an error with a hint. */
export function registerTool<I extends z.ZodRawShape, O extends z.ZodRawShape>(
  server: McpServer,
  tool: Tool<I, O>,
): void {
  const { name, title, description, annotations, input, output } = tool;
  const config = {
    title,
    description,
    annotations,
    inputSchema: z.strictObject(input),
    outputSchema: z.object(output),
  };
  server.registerTool(name, config, async (given: unknown, call: Call) => {
    try {
      const { answer, text } = await tool.run(given as z.output<z.ZodObject<I>>, call);
      return { structuredContent: answer, content: [{ type: 'text', text }] };
    } catch (error) {
      return failureResult(error);
    }
  });
}
