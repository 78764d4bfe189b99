import { HoldfastError } from '@holdfast/protocol';

/** Wrong usage: exit code 2. The message says which part of the command line, and why. */
export function usageError(message: string): HoldfastError {
  return new HoldfastError('E_USAGE', message);
}
