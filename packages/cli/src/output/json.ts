/** One JSON document, as a line. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}
