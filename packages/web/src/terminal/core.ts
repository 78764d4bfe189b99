import type { Terminal } from '@xterm/xterm';

/** All that is read of xterm.js behind its public interface; its version is pinned, and a test in a browser tells if it has moved. */
export interface Core {
  readonly cols: number;
  readonly buffers: {
    readonly active: {
      readonly x: number;
      readonly y: number;
      readonly lines: { get(index: number): unknown };
    };
  };
  readonly _inputHandler: {
    parse: (data: string | Uint8Array, promiseResult?: boolean) => void | Promise<boolean>;
    readonly _parser: {
      reset(): void;
      /** What a handler changes in `params` counts. */
      registerCsiHandler(
        id: { readonly prefix?: string; readonly intermediates?: string; readonly final: string },
        handler: (parameters: { readonly params: Int32Array | number[]; readonly length: number }) => boolean,
      ): void;
    };
  };
}

export function coreOf(terminal: Terminal): Core {
  return (terminal as unknown as { readonly _core: Core })._core;
}
