/** The token that an address, or what is behind its `#`, is about; undefined if there is none. */
export function tokenIn(address: string): string | undefined {
  const [, token] = /#token=(.*)$/.exec(address) ?? [];
  if (token === undefined) return undefined;
  try {
    return decodeURIComponent(token);
  } catch {
    // URIError: cut off, or mistyped. The host says that it is wrong.
    return token;
  }
}
