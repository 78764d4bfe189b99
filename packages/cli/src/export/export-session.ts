import { pathToFileURL } from 'node:url';
import { type Client, netConnector, SessionOutput } from '@holdfast/client';
import { HoldfastError, type RequestResult, type Session } from '@holdfast/protocol';
import type { Transcript } from '@holdfast/screen';
import { connectForSession } from '../connection/connect.ts';
import { screenEntry } from '../connection/daemon-entry.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { openSink, type Sink } from '../output/file-sink.ts';
import { gapLine } from '../output/gap-line.ts';
import type { CastVersion } from '../recording/cast-writer.ts';
import type { Timeline } from '../recording/timed-output.ts';
import { CastExport } from './cast-export.ts';
import { cleanBeginning } from './clean-beginning.ts';
import type { Exporter } from './exporter.ts';
import { TranscriptExport } from './transcript-export.ts';

export interface ExportOptions {
  readonly reference: string;
  readonly format: 'cast' | 'txt' | 'ansi' | 'html';
  readonly castVersion: CastVersion;
  readonly file: string | undefined;
  readonly overwrite: boolean;
}

/** Writes all output of a session that is kept, as it is now, in another form. */
export async function exportSession(context: Context, options: ExportOptions): Promise<number> {
  for (const [signal, code] of [
    ['SIGINT', EXIT.interrupted],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => process.exit(code));
  const connector = netConnector(context.socketPath);
  const client = await connectForSession(context, options.reference, { connector, reconnect: true });
  try {
    const { session } = await client.request('get', { session: options.reference });
    await using sink = await openSink(options.file, options);
    const timeline = await readTimeline(client, session, context);
    const exporter = await exporterOf(options, session, timeline);
    const output = new SessionOutput({ from: session.historyStart, to: session.offset });
    await output.open(client, session.id);
    await writeAll(output, { session, exporter, sink, context });
    await output.close();
    return EXIT.done;
  } finally {
    client.close();
  }
}

async function writeAll(
  output: SessionOutput,
  how: { session: Session; exporter: Exporter; sink: Sink; context: Context },
): Promise<void> {
  const { session, exporter, sink, context } = how;
  const { historyStart } = session;
  if (historyStart > 0)
    context.note(
      `holdfast: the first ${historyStart} bytes are no longer kept: what is exported begins behind them`,
    );
  await sink.write(exporter.begin());
  let isMidst = historyStart > 0;
  for (let piece = await output.next(); piece; piece = await output.next()) {
    if (piece.kind === 'gap') {
      context.note(gapLine(piece));
      await sink.write(exporter.gap(gapLine(piece)));
      isMidst ||= piece.reason === 'evicted';
      continue;
    }
    const from = isMidst ? cleanBeginning(piece.bytes) : 0;
    isMidst = false;
    await sink.write(exporter.output(piece.bytes.subarray(from), piece.offset + from));
  }
  await sink.write(exporter.end());
  await sink.finish();
}

async function exporterOf(
  { format, castVersion }: ExportOptions,
  session: Session,
  timeline: Timeline,
): Promise<Exporter> {
  if (format === 'cast') return new CastExport(castVersion, session, timeline);
  const program: { readonly Transcript: typeof Transcript } = await import(pathToFileURL(screenEntry()).href);
  return new TranscriptExport(program, format, { session, timeline });
}

/** All parts of it. */
async function readTimeline(client: Client, session: Session, context: Context): Promise<Timeline> {
  const times: Timeline['times'] = [];
  const sizes: Timeline['sizes'] = [];
  try {
    for (let from: number | undefined = session.historyStart; from !== undefined; ) {
      const part: RequestResult<'timeline'> = await client.request('timeline', { session: session.id, from });
      for (const time of part.times) times.push(time);
      for (const size of part.sizes) sizes.push(size);
      from = part.next;
    }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'E_UNKNOWN_REQUEST') throw error;
    context.note(
      'holdfast: the daemon is of an earlier version and tells neither times nor sizes; see holdfast upgrade',
    );
  }
  return { times, sizes };
}
