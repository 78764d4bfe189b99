import { VERSION } from '@holdfast/protocol';
import * as z from 'zod';
import { type Operation, operations } from './operations.ts';

const failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), retry: z.boolean().optional() }),
});

/** The description of the API for programs in other languages, made from the procedures themselves. */
export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: VERSION,
      description:
        'What the host service can do with terminal sessions. Terminals themselves are WebSockets: see docs/api.md.',
    },
    security: [{ token: [] }],
    paths: Object.fromEntries(
      operations().map((operation) => [
        operation.path,
        { [operation.method.toLowerCase()]: describe(operation) },
      ]),
    ),
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function describe({ name, method, summary, input, output }: Operation) {
  const asked = schemaOf(input, 'input');
  return {
    operationId: name,
    summary,
    ...(method === 'GET' ? { parameters: parametersOf(asked) } : { requestBody: { content: json(asked) } }),
    responses: {
      '200': { description: 'done', content: json(schemaOf(output, 'output')) },
      default: { description: 'why it was not done', content: json(schemaOf(failure, 'output')) },
    },
  };
}

function parametersOf({ properties = {}, required = [] }: z.core.JSONSchema.BaseSchema) {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function json(schema: z.core.JSONSchema.BaseSchema) {
  return { 'application/json': { schema } };
}
