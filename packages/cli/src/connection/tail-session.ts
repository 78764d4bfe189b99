import type { Client, Subscription } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import { close, isErrno, type Reactor, reopenNonBlocking } from '@holdfast/posix';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { gapLine } from '../output/gap-line.ts';
import { FdWriter } from '../terminal/fd-writer.ts';
import { OutputPump } from '../terminal/output-pump.ts';
import { connectForSession } from './connect.ts';
import { onReactor } from './on-reactor.ts';

export interface TailOptions {
  readonly ref: string;
  readonly from: number | 'start' | 'now';
  readonly follow: boolean;
  readonly leaseMs: number | undefined;
}

/** Writes a session's output to stdout, at stdout's pace and without a gap that is not reported. */
export async function tailSession(context: Context, options: TailOptions): Promise<number> {
  process.on('SIGINT', () => process.exit(EXIT.interrupted));
  return onReactor(async (reactor) => {
    const connector = posixConnector(context.socketPath, reactor);
    const client = await connectForSession(context, options.ref, { connector, reconnect: true });
    const fd = reopenNonBlocking(1, 'write');
    try {
      return await pumpOutput(context, options, { client, reactor, fd });
    } finally {
      client.close();
      close(fd);
    }
  });
}

async function pumpOutput(
  context: Context,
  { ref, from, follow, leaseMs }: TailOptions,
  { client, reactor, fd }: { client: Client; reactor: Reactor; fd: number },
): Promise<number> {
  const writer = new FdWriter(reactor, fd);
  /** Where to stop; unknown until the subscription is there. */
  let end = follow ? Number.POSITIVE_INFINITY : undefined;
  const pump = new OutputPump(writer);
  let subscription: Subscription | undefined;
  const finished = new Promise<number>((resolve, reject) => {
    writer.onError = (error) => (isErrno(error, 'EPIPE') ? resolve(EXIT.done) : reject(error));
    const finish = () => void pump.whenIdle().then(() => resolve(EXIT.done));
    const finishAt = (offset: number) => {
      if (end !== undefined && offset >= end) finish();
    };
    client
      .subscribe(ref, {
        from,
        mode: 'exact',
        ...(leaseMs === undefined ? {} : { leaseMs }),
        onData: (bytes, offset) => {
          const wanted = end === undefined ? bytes : bytes.subarray(0, Math.max(0, end - offset));
          const goesOn = wanted.length === 0 || pump.onData(wanted, offset);
          finishAt(offset + wanted.length);
          return goesOn;
        },
        onGap: (gap) => {
          context.note(gapLine(gap));
          pump.onGap(gap);
          finishAt(gap.reason === 'evicted' ? gap.to : gap.from);
        },
        onExited: finish,
        onLost: reject,
      })
      .then((opened) => {
        subscription = opened;
        end ??= opened.session.offset;
        pump.bind(opened);
        finishAt(opened.offset);
      })
      .catch(reject);
  });
  try {
    const code = await finished;
    // Whoever has all that was wanted gives the lease back; who is killed keeps it for the next `tail`.
    await subscription?.close();
    return code;
  } finally {
    writer.close();
  }
}
