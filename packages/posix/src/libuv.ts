import { ownSymbol } from './libc.ts';

/** libuv's default loop, seen from outside, as an embedder of libuv sees it. */
export interface Libuv {
  /** The descriptor that is readable when something that libuv waits for has happened. */
  readonly backend: number;
  /**
   * How long libuv itself would wait now: 0 if it has to have a turn at once (a handle to be closed, a descriptor that it has yet
   * to begin to watch, an immediate), else the time to its next timer, or -1. Always 0 if nothing keeps its loop alive.
   */
  timeoutMs(): number;
}

/** undefined if this Node hides libuv's symbols; official builds and Electron's do not, since addons need them. */
export function defaultLoop(): Libuv | undefined {
  const loop = ownSymbol('uintptr_t uv_default_loop()')?.();
  const timeoutMs = ownSymbol('int uv_backend_timeout(uintptr_t)');
  if (loop === undefined || loop === 0 || !timeoutMs) return undefined;
  const backend = ownSymbol('int uv_backend_fd(uintptr_t)')?.(loop);
  if (backend === undefined || backend < 0) return undefined;
  return { backend, timeoutMs: () => timeoutMs(loop) };
}
