import { HoldfastError, isErrorCode } from './errors.ts';

/** An error of another bundle, which has classes of its own, as one of this. */
export function ownError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  return isErrorCode(error.code) ? new HoldfastError(error.code, error.message, { cause: error }) : error;
}
