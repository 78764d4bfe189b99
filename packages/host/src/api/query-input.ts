import * as z from 'zod';

/** What a procedure is given of the parameters of a query, which are text: whole numbers where its description has them. */
export function queryInput(input: z.ZodType): (query: unknown) => unknown {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input' });
  const numbers = Object.entries(properties).flatMap(([name, schema]) =>
    typeof schema === 'object' && schema.type === 'integer' ? [name] : [],
  );
  return (query) => {
    if (typeof query !== 'object' || query === null) return query;
    const given = Object.entries(query);
    return Object.fromEntries(
      given.map(([name, value]) => {
        const isNumber = numbers.includes(name) && typeof value === 'string' && /^\d+$/.test(value);
        return [name, isNumber ? Number(value) : value];
      }),
    );
  };
}
