import { metrics } from '@opentelemetry/api';
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
