/** What a field of an event is; `?` means that it may be null. Times are milliseconds. */
type FieldKind = 'text' | 'number' | 'text?' | 'number?';

interface EventRow {
  readonly means: string;
  readonly fields: Readonly<Record<string, FieldKind>>;
}

/** Everything that a supervisor tells of, for logs and telemetry. docs/events.md has the same rows. A shipped field never changes its meaning. */
export const SUPERVISOR_EVENTS = {
  spawn: { means: 'a daemon was started, since none was there', fields: { tookMs: 'number' } },
  spawn_failed: {
    means: 'a daemon could not be started, or did not get ready',
    fields: { code: 'text', reason: 'text' },
  },
  adopt: {
    means: 'a daemon that this supervisor has not started, or not seen before, serves',
    fields: { pid: 'number', version: 'text', build: 'text' },
  },
  adopt_rejected: {
    means: 'one is there that does not answer, or not in a way that can be understood; it is left alone',
    fields: { code: 'text', reason: 'text' },
  },
  manifest_repaired: {
    means: 'what was believed of the daemon is not what it says of itself; `why` is what was wrong',
    fields: { pid: 'number', why: 'text' },
  },
  update_pending: {
    means: 'the daemon that serves is older than the build of this installation',
    fields: { running: 'text', available: 'text' },
  },
  update_attempt: {
    means: 'an upgrade was asked for; `running` is null if the keeper held without a daemon',
    fields: { running: 'text?', available: 'text?' },
  },
  update_ok: {
    means:
      'the process that serves is the build that was asked for, and its predecessor has ended; `bytes` is the output that their histories keep',
    fields: {
      from: 'text?',
      to: 'text',
      pid: 'number',
      sessions: 'number',
      clients: 'number',
      bytes: 'number?',
      pauseMs: 'number?',
    },
  },
  update_failed: {
    means: 'nothing has changed; `step` is what was being done',
    fields: { code: 'text', reason: 'text', step: 'text' },
  },
  auto_update_scheduled: {
    means: 'an automatic update will be tried',
    fields: { delayMs: 'number', attempt: 'number' },
  },
  auto_update_attempt: {
    means: 'an automatic update is tried; `attempt` counts those of all processes',
    fields: { running: 'text', available: 'text', attempt: 'number' },
  },
  auto_update_ok: { means: 'it went well', fields: { running: 'text', available: 'text' } },
  auto_update_failed: {
    means: 'it failed, and nothing has changed',
    fields: { running: 'text', available: 'text', code: 'text', reason: 'text' },
  },
  auto_update_given_up: {
    means: 'it failed too often, and is not tried again',
    fields: { running: 'text', available: 'text', tries: 'number' },
  },
  restart: {
    means:
      'all sessions were ended, and a daemon was started anew; `sessions` is null if the keeper ended without one',
    fields: { sessions: 'number?' },
  },
  crash: {
    means: 'another daemon serves than before, though nobody has upgraded, restarted or stopped it',
    fields: { pid: 'number?', by: 'number' },
  },
  crash_budget_spent: {
    means: 'the keeper starts no daemon any more; programs wait, alive',
    fields: { reason: 'text' },
  },
  resumed: {
    means: 'the keeper starts daemons again',
    fields: { pid: 'number', version: 'text', build: 'text', sessions: 'number?' },
  },
  keeper_replaced: {
    means: 'the keeper goes on as another build, in the same process',
    fields: { pid: 'number', from: 'text', to: 'text' },
  },
} as const satisfies Record<string, EventRow>;

interface Kinds {
  text: string;
  number: number;
  'text?': string | null;
  'number?': number | null;
}
type Rows = typeof SUPERVISOR_EVENTS;
/** The name of an event: a row of the table. */
export type SupervisorEventType = keyof Rows;
/** One event of the table: its type and its fields. */
export type SupervisorEvent = {
  [Type in SupervisorEventType]: { readonly type: Type } & {
    readonly [Field in keyof Rows[Type]['fields']]: Kinds[Rows[Type]['fields'][Field] & FieldKind];
  };
}[SupervisorEventType];

export type EventSink = (event: SupervisorEvent) => void;
