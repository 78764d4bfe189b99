import type { AnyTRPCProcedure } from '@trpc/server';
import * as z from 'zod';
import { appRouter } from './router.ts';
import type { ProcedureMeta } from './trpc.ts';

/** One thing that the API can do, for those who don't speak tRPC. */
export interface Operation {
  /** Of the procedure: `terminal.daemon.getHealth`. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** `/api/terminal/daemon/getHealth`. */
  readonly path: string;
  readonly summary: string;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

/** Every query and mutation: queries by GET, with their input as parameters of the query, mutations by POST, with a JSON body. */
export function operations(): Operation[] {
  return procedures().flatMap(([name, { _def }]) => {
    if (_def.type === 'subscription') return [];
    const [input] = 'inputs' in _def && Array.isArray(_def.inputs) ? (_def.inputs as unknown[]) : [];
    // The builder keeps it, and its type does not say so.
    const output: unknown = 'output' in _def ? _def.output : undefined;
    if (!(input instanceof z.ZodType) || !(output instanceof z.ZodType))
      throw new Error(`${name} has no schema of its input or its output`);
    return [
      {
        name,
        method: _def.type === 'query' ? ('GET' as const) : ('POST' as const),
        path: `/api/${name.replaceAll('.', '/')}`,
        summary: summaryOf(_def.meta),
        input,
        output,
      },
    ];
  });
}

/** Every procedure by its whole name: that is how tRPC keeps them, though its type has them nested. */
export function procedures(): [string, AnyTRPCProcedure][] {
  return Object.entries(appRouter._def.procedures as unknown as Record<string, AnyTRPCProcedure>);
}

export function summaryOf(meta: unknown): string {
  return (meta as ProcedureMeta | undefined)?.summary ?? '';
}
