import type { Exit, Session } from '@holdfast/protocol';
import type { TestDaemon } from '@holdfast/testkit';
import { expect } from 'vitest';

/** The ways to end that are told apart by every test about exit statuses. */
const ENDS: readonly { readonly how: string; readonly exit: Exit }[] = [
  { how: 'exit 0', exit: { code: 0 } },
  { how: 'exit 7', exit: { code: 7 } },
  { how: 'exit 255', exit: { code: 255 } },
  { how: 'ulimit -c 0; kill -SEGV $$', exit: { signal: 'SIGSEGV' } },
];

export interface Gated {
  readonly session: Session;
  readonly exit: Exit;
  /** Lets it end. */
  readonly open: () => Promise<void>;
}

/** A program for each way to end, which waits at a gate for it. */
export async function openGated(daemon: TestDaemon): Promise<Gated[]> {
  const opened: Gated[] = [];
  for (const { how, exit } of ENDS) {
    const gate = daemon.home.gate();
    const script = `cat "$1" >/dev/null; ${how}`;
    const session = await daemon.openCommand(['/bin/sh', '-c', script, 'sh', gate.path]);
    opened.push({ session, exit, open: () => gate.open() });
  }
  return opened;
}

/** Each ends as it is to. */
export async function expectStatuses(daemon: TestDaemon, gated: readonly Gated[]): Promise<void> {
  const client = await daemon.client();
  for (const { session, exit } of gated) {
    const ended = await client.request('wait', { session: session.id }, { timeoutMs: 20_000 });
    expect(ended.session.exit).toEqual(exit);
  }
}
