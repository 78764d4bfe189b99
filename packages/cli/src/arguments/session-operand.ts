/** The operand S of most commands. */
export const SESSION_OPERAND = {
  required: true,
  complete: 'session',
  summary: 'session: its id, a unique beginning of it, or its name',
} as const;
