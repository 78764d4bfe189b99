import type { GuardedCore } from '@holdfast/screen/sequence-guards';
import type { Terminal } from '@xterm/xterm';

/** All that is read of xterm.js behind its public interface; its version is pinned, and a test in a browser tells if it has moved. */
export interface Core extends GuardedCore {
  readonly _inputHandler: GuardedCore['_inputHandler'] & {
    parse: (data: string | Uint8Array, promiseResult?: boolean) => void | Promise<boolean>;
    readonly _parser: { reset(): void };
  };
}

export function coreOf(terminal: Terminal): Core {
  return (terminal as unknown as { readonly _core: Core })._core;
}
