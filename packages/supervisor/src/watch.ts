import type { Client, Timer } from '@holdfast/client';
import { type DaemonIdentity, HoldfastError, type UpgradeUnderWay } from '@holdfast/protocol';
import { repairManifest } from './adopt.ts';
import { AutoUpdater, type AutoUpdateOptions } from './auto-updater.ts';
import { orderOf } from './build-order.ts';
import { callBack } from './call-back.ts';
import { DAEMON, type DaemonEffect, type DaemonEvent, type DaemonState, greetingOf } from './state.ts';
import { reach, type Surroundings } from './surroundings.ts';
import { readUpdateRecord } from './update-record.ts';
import { type UpdateStatus, updateStatus } from './update-status.ts';

const HELLO_MS = 3_000;
/** A daemon that answers is asked again after so long: an upgrade breaks no connection, so nothing else tells of it. */
const ASK_EVERY_MS = 2_000;
/** While it is being upgraded: people look on. */
const ASK_OF_UPGRADE_EVERY_MS = 250;
const ANSWER_MS = 3_000;
/** Between looks for a daemon that is not there. */
const LOOK_EVERY_MS = 500;

/** What a supervisor that watches knows, without asking anybody. */
export interface DaemonView {
  /** How it is with the daemon, see `state.ts`. */
  readonly state: DaemonState;
  /** Who answered last; null if nobody has, or none runs any more. */
  readonly daemon: DaemonIdentity | null;
  /** Since when nobody answers, ISO 8601; null while the daemon does, and before the first look. */
  readonly unreachableSince: string | null;
  /** Which update there is. */
  readonly update: UpdateStatus;
}

/** A supervisor that watches, until it is disposed of. */
export interface Watching extends Disposable {
  /** What is known now. */
  readonly view: DaemonView;
}

/** What a supervisor that watches does by itself. */
export interface WatchOptions {
  /** Whether, and when, an older daemon is upgraded in the background: by default it is, unless HOLDFAST_AUTO_UPDATE=off. */
  readonly autoUpdate?: boolean | AutoUpdateOptions;
}

/**
 * Keeps an eye on the daemon until it is disposed of: one connection, and a question now and then. It starts and ends none, but
 * upgrades an older one. `onChange` is called with each change of the view.
 */
export function watch(
  surroundings: Surroundings,
  onChange: (view: DaemonView) => void,
  options: WatchOptions,
): Watching {
  return new Watcher(surroundings, onChange, options);
}

function autoUpdater(
  surroundings: Surroundings,
  wanted: WatchOptions['autoUpdate'],
): AutoUpdater | undefined {
  if (wanted === false || surroundings.env['HOLDFAST_AUTO_UPDATE'] === 'off') return undefined;
  return new AutoUpdater(surroundings, typeof wanted === 'object' ? wanted : {});
}

class Watcher implements Watching {
  readonly #surroundings: Surroundings;
  readonly #onChange: (view: DaemonView) => void;
  readonly #autoUpdater: AutoUpdater | undefined;
  /** The view that was told last, as text. */
  #told = '';
  #state: DaemonState = 'unseen';
  #daemon: DaemonIdentity | undefined;
  /** As the daemon said last. */
  #upgrade: UpgradeUnderWay | undefined;
  #why: HoldfastError | undefined;
  #unreachableSince: string | null = null;
  #client: Client | undefined;
  #isDisposed = false;
  #timer: Timer | undefined;
  #wake: () => void = () => undefined;

  constructor(
    surroundings: Surroundings,
    onChange: (view: DaemonView) => void,
    { autoUpdate }: WatchOptions,
  ) {
    this.#surroundings = surroundings;
    this.#onChange = onChange;
    this.#autoUpdater = autoUpdater(surroundings, autoUpdate);
    void this.#run();
  }

  get view(): DaemonView {
    const isGone = this.#state === 'absent' || this.#state === 'held';
    const daemon = (!isGone && this.#daemon) || null;
    return {
      state: this.#state,
      daemon,
      unreachableSince: this.#unreachableSince,
      update: this.#update(daemon),
    };
  }

  #update(running: DaemonIdentity | null): UpdateStatus {
    const { home, installation } = this.#surroundings;
    const { build: available } = installation;
    const order = running && available ? orderOf(available.version, running.version) : 0;
    const said = { failure: readUpdateRecord(home).failure, underWay: this.#upgrade };
    return updateStatus({ running, available }, order, said);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#autoUpdater?.dispose();
    this.#client?.close();
    this.#timer?.cancel();
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#isDisposed) {
      try {
        const client = await reach(this.#surroundings, HELLO_MS);
        if (client) await this.#follow(client);
        else this.#saw('refused');
      } catch (error) {
        this.#failed(error);
      }
      if (!this.#isDisposed) await this.#pause(LOOK_EVERY_MS);
    }
  }

  /** As long as the connection holds. */
  async #follow(client: Client): Promise<void> {
    this.#client = client;
    client.onStateChange = () => this.#wake();
    try {
      this.#answered(client.daemon, false);
      repairManifest(this.#surroundings, client);
      while (!this.#isDisposed && client.state === 'connected') {
        await this.#pause(this.#upgrade ? ASK_OF_UPGRADE_EVERY_MS : ASK_EVERY_MS);
        if (this.#isDisposed || client.state !== 'connected') break;
        await this.#ask(client);
      }
      if (!this.#isDisposed) this.#saw('lost');
    } finally {
      client.close();
      this.#client = undefined;
      this.#upgrade = undefined;
    }
  }

  async #ask(client: Client): Promise<void> {
    try {
      const { daemon, upgrade, eventLoop } = await client.request('status', {}, { timeoutMs: ANSWER_MS });
      this.#upgrade = upgrade;
      this.#answered(daemon, true);
      repairManifest(this.#surroundings, { daemon, protocol: client.protocol }, upgrade);
      if (!eventLoop) return;
      const { measureEventLoop } = await import('./metrics.ts');
      measureEventLoop(eventLoop, this.#surroundings.home.namespace);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'E_DISCONNECTED') return;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#why =
      error instanceof HoldfastError
        ? error
        : new HoldfastError('E_INTERNAL', String(error), { cause: error });
    this.#saw(this.#why.code === 'E_HELD' ? 'held' : 'silent');
  }

  #answered(daemon: DaemonIdentity, onSameConnection: boolean): void {
    const event = greetingOf(this.#daemon, daemon, onSameConnection);
    const before = this.#daemon;
    this.#daemon = daemon;
    this.#saw(event, before);
  }

  #saw(event: DaemonEvent, before = this.#daemon): void {
    const { state, effects } = DAEMON[this.#state][event];
    this.#state = state;
    if (state === 'serving') this.#unreachableSince = null;
    else this.#unreachableSince ??= new Date().toISOString();
    for (const effect of effects) this.#tell(effect, before);
    const { view } = this;
    if (state !== 'silent' && state !== 'lost') this.#autoUpdater?.saw(view.daemon);
    // Told is what differs: failures come and go without the daemon, by what other processes do.
    const text = JSON.stringify(view);
    if (text === this.#told) return;
    this.#told = text;
    callBack(this.#onChange, view);
  }

  #tell(effect: DaemonEffect, before: DaemonIdentity | undefined): void {
    const { emit } = this.#surroundings;
    const reason = this.#why?.message ?? '';
    if (effect === 'tellRejected')
      return emit({ type: 'adopt_rejected', code: this.#why?.code ?? 'E_TIMEOUT', reason });
    if (effect === 'tellBudgetSpent') return emit({ type: 'crash_budget_spent', reason });
    if (!this.#daemon) return;
    const { pid, version, build } = this.#daemon;
    if (effect === 'tellAdopt') emit({ type: 'adopt', pid, version, build });
    else if (effect === 'tellCrash') emit({ type: 'crash', pid: before?.pid ?? null, by: pid });
    else emit({ type: 'resumed', pid, version, build, sessions: null });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const woken = () => {
        this.#timer?.cancel();
        resolve();
      };
      this.#wake = woken;
      this.#timer = this.#surroundings.connector.after(ms, woken);
    });
  }
}
