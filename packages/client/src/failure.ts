import { HoldfastError, isErrorCode } from '@holdfast/protocol';

/** The error that the daemon sent. A code that this build does not know becomes E_INTERNAL, and is named. */
export function errorFromWire({ code, message }: { code: string; message: string }): HoldfastError {
  if (isErrorCode(code)) return new HoldfastError(code, message);
  return new HoldfastError('E_INTERNAL', `${message} (${code.slice(0, 64)})`);
}

export function protocolError(message: string): HoldfastError {
  return new HoldfastError('E_PROTOCOL', message);
}

export function disconnected(cause?: Error): HoldfastError {
  const reason = cause ? `: ${cause.message}` : '';
  return new HoldfastError('E_DISCONNECTED', `the connection to the daemon was lost${reason}`, { cause });
}
