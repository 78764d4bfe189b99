import type * as z from 'zod/mini';

/**
 * What is wrong with a value, in words that follow its name: "cols: must be at most 4096". Zod's own texts come as locales, of
 * which zod/mini sets none ("Invalid input"), and a locale is set for every user of zod in the process; this is passed with a call.
 */
export function complaint(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${withArticle(issue.expected)}`;
    case 'invalid_value':
      if (issue.input === undefined) return 'is missing';
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', issue.maximum)}`;
    case 'invalid_union':
      return issue.input === undefined ? 'is missing' : 'has none of the allowed forms';
    case 'invalid_key':
      return 'has a name that is not allowed';
    default:
      return 'is not valid';
  }
}

/** The first complaint of a failed parse, with the path of the value that it is about. */
export function firstComplaint(error: { issues: readonly z.core.$ZodIssue[] }): string {
  const issue = error.issues[0];
  if (!issue) return 'is not valid';
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`;
}

function bound(origin: string, word: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${word} ${limit} characters`;
  if (origin === 'array') return `have ${word} ${limit} items`;
  return `be ${word} ${limit}`;
}

function withArticle(type: string): string {
  switch (type) {
    case 'int':
      return 'a whole number';
    case 'array':
    case 'object':
      return `an ${type}`;
    case 'record':
      return 'an object';
    default:
      return `a ${type}`;
  }
}
