import type { Home } from './home.ts';
import type { SupervisorEvent } from './events.ts';

type Writer = (event: SupervisorEvent) => void;

/** Writes events to the log and counts them, in order. What it needs for that is loaded with the first one. */
export class Recorder {
  readonly #home: Home;
  readonly #writesLog: boolean;
  #writer: Promise<Writer> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(home: Home, options: { writesLog: boolean }) {
    this.#home = home;
    this.#writesLog = options.writesLog;
  }

  record(event: SupervisorEvent): void {
    this.#writer ??= this.#load();
    const writer = this.#writer;
    // A log that can't be written, as on a full disk, must not end anything, nor keep what comes later out of it.
    this.#last = this.#last.then(async () => (await writer)(event)).catch(() => undefined);
  }

  /** Resolves when everything so far is written; never rejects. */
  written(): Promise<void> {
    return this.#last;
  }

  async #load(): Promise<Writer> {
    const [{ eventLog }, { countEvent }] = await Promise.all([
      import('./event-log.ts'),
      import('./metrics.ts'),
    ]);
    const log = this.#writesLog ? eventLog(this.#home) : undefined;
    return (event) => {
      log?.(event);
      countEvent(event, this.#home.namespace);
    };
  }
}
