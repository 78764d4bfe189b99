/** What a daemon says on its ready descriptor: `{"ready": true, …}` or `{"ready": false, "code", "message"}`; undefined if it is neither. */
export function parseReadyLine(
  line: string,
): { ready: true } | { ready: false; code: string; message: string } | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null || !('ready' in said)) return undefined;
  if (said.ready === true) return { ready: true };
  if (!('code' in said) || typeof said.code !== 'string') return undefined;
  if (!('message' in said) || typeof said.message !== 'string') return undefined;
  return { ready: false, code: said.code, message: said.message };
}
