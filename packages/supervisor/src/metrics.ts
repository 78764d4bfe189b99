import { metrics } from '@opentelemetry/api';
import type { RequestResult } from '@holdfast/protocol';
import type { SupervisorEvent } from './events.ts';

/** Counts an event, for an embedder that has set up an OpenTelemetry SDK; nothing happens without one. */
export function countEvent(event: SupervisorEvent, namespace: string): void {
  const meter = metrics.getMeter('holdfast.supervisor');
  meter
    .createCounter('holdfast.supervisor.events', { description: 'events of the supervisor, by type' })
    .add(1, { type: event.type, namespace });
  if (event.type !== 'update_ok' || event.pauseMs === null) return;
  meter
    .createHistogram('holdfast.supervisor.update.pause', {
      unit: 'ms',
      description: 'pause of output in an upgrade',
    })
    .record(event.pauseMs, { namespace });
}

type EventLoop = NonNullable<RequestResult<'status'>['eventLoop']>;

/** Tells how long the daemon's loop was busy, turn by turn, since that daemon was started. */
export function measureEventLoop({ p50Ms, p99Ms, maxMs }: EventLoop, namespace: string): void {
  const gauge = metrics.getMeter('holdfast.supervisor').createGauge('holdfast.daemon.event_loop.busy', {
    unit: 'ms',
    description: "how long a turn of the daemon's loop takes",
  });
  gauge.record(p50Ms, { statistic: 'p50', namespace });
  gauge.record(p99Ms, { statistic: 'p99', namespace });
  gauge.record(maxMs, { statistic: 'max', namespace });
}
