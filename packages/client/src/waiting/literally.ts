/** An expression that matches a text as it is, and can be looked for again and again. */
export function literally(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'g');
}
