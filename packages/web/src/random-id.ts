const BYTES = 16;

/** A name that nobody else has. `crypto.randomUUID` is missing where the page came without TLS from another machine. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
