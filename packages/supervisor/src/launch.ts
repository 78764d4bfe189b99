import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { Home } from './home.ts';
import { parseReadyLine } from './ready-line.ts';

export interface LaunchOptions {
  readonly home: Home;
  /** File that runs the daemon. */
  readonly daemonEntry: string;
  /** File that runs its keeper, which starts it; undefined: it has none. */
  readonly keeperEntry: string | undefined;
  /** The Node that runs them. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** A daemon that is not ready by then hangs. Loading takes 0.1 to 0.3 s, on a busy machine seconds. */
const READY_TIMEOUT_MS = 15_000;
/** How much of a failed daemon's last words is kept: a stack trace. */
const STDERR_BYTES = 16 * 1024;
const READY_FD = 3;

/** The shell leaves the daemon running in the background and exits: its parent is then init, not whoever started it. */
const REPARENT = '"$@" &';

/** What of the caller's environment the daemon sees; programs get the environment of the client that opens them. */
const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|XDG_.*|HOLDFAST_HOME|HOLDFAST_NAMESPACE|HOLDFAST_TEST_.*)$/;

/**
 * Starts a daemon, by its keeper if it is to have one, in a session of its own, and waits until it accepts connections. `busy`: another daemon owns the home.
 * Throws E_DAEMON_START, with the daemon's reason or its last words on stderr.
 */
export async function launchDaemon(options: LaunchOptions): Promise<'ready' | 'busy'> {
  const { home, daemonEntry, keeperEntry, node, clock } = options;
  const folders = ['--runtime-dir', home.runtimeDir, '--state-dir', home.stateDir, '--home', home.label];
  const readyFd = ['--ready-fd', String(READY_FD)];
  const command =
    keeperEntry === undefined
      ? [node, daemonEntry, 'serve', ...folders, ...readyFd]
      : [node, keeperEntry, ...folders, ...readyFd, '--', node, daemonEntry];
  const shell = spawn('/bin/sh', ['-c', REPARENT, 'sh', ...command], {
    cwd: '/',
    detached: true,
    env: daemonEnvironment(options.env),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  // With 'pipe' they are streams; that of the fd beyond 2 has no narrower type.
  const stderr = shell.stderr as Readable;
  const ready = shell.stdio[READY_FD] as Readable;
  try {
    return await within(clock, Promise.race([failed(shell), outcome({ ready, stderr })]));
  } finally {
    ready.destroy();
    stderr.destroy();
    shell.unref();
  }
}

function daemonEnvironment(env: LaunchOptions['env']): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && INHERITED.test(name)) inherited[name] = value;
  }
  return inherited;
}

async function outcome(streams: { ready: Readable; stderr: Readable }): Promise<'ready' | 'busy'> {
  const lastWords = collect(streams.stderr);
  const line = await collect(streams.ready);
  if (line === '') {
    const words = (await lastWords).trim();
    throw startError(words === '' ? 'it ended at once and said nothing' : words);
  }
  const said = parseReadyLine(line);
  if (!said) throw startError(`it said ${JSON.stringify(line.slice(0, 200))} instead of being ready`);
  if (said.ready) return 'ready';
  if (said.code === 'E_BUSY') return 'busy';
  throw startError(said.message);
}

/** The end of what a stream brings, until it ends. */
function collect(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      text = (text + piece).slice(-STDERR_BYTES);
    });
    stream.on('error', () => {}); // 'close' follows.
    stream.on('close', () => resolve(text));
  });
}

function failed(shell: ReturnType<typeof spawn>): Promise<never> {
  return new Promise((_, reject) => {
    shell.on('error', (cause) => reject(startError(`/bin/sh can't be run: ${cause.message}`, cause)));
  });
}

async function within<T>(clock: Clock, promise: Promise<T>): Promise<T> {
  let expire: (error: Error) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  const timer = clock.after(READY_TIMEOUT_MS, () =>
    expire(startError(`not ready after ${READY_TIMEOUT_MS} ms`)),
  );
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timer.cancel();
  }
}

function startError(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('E_DAEMON_START', `the daemon could not be started: ${why}`, { cause });
}
