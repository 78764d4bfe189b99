import { uptime } from 'node:os';
import type { Timer } from '@holdfast/client';
import type { DaemonIdentity } from '@holdfast/protocol';
import {
  AUTO_UPDATE,
  type AutoUpdateEffect,
  type AutoUpdateEvent,
  type AutoUpdateState,
} from './auto-update.ts';
import { orderOf } from './build-order.ts';
import type { Surroundings } from './surroundings.ts';
import { readUpdateRecord, writeUpdateRecord } from './update-record.ts';
import type { Build } from './update-status.ts';
import { upgrade } from './upgrade.ts';

/** Before the first attempt: whatever starts beside this one needs the machine now. */
const START_DELAY_MS = 20_000;
/** A machine that has been started a moment ago is busy for so long. */
const START_UP_RUSH_S = 120;
/** Before the second attempt; four times as long before each further one. */
const RETRY_DELAY_MS = 60_000;
const BACK_OFF_FACTOR = 4;
const TRIES = 3;

/** When, and how often, an older daemon is upgraded in the background. */
export interface AutoUpdateOptions {
  /** Before the first attempt, in ms; by default 20,000, and never within two minutes of the machine's start. */
  readonly startDelayMs?: number;
  /** Before the second attempt, in ms, and four times as long before each further one; by default 60,000. */
  readonly retryDelayMs?: number;
  /** Attempts for one build in all processes together; by default 3. */
  readonly tries?: number;
}

/** Upgrades an older daemon in the background, some time after it was seen; never by force. */
export class AutoUpdater {
  readonly #surroundings: Surroundings;
  readonly #options: AutoUpdateOptions;
  readonly #isDevelopment: boolean;
  #state: AutoUpdateState = 'idle';
  #timer: Timer | undefined;
  #running: Build | undefined;
  #failure: { code: string; reason: string } | undefined;

  constructor(surroundings: Surroundings, options: AutoUpdateOptions) {
    this.#surroundings = surroundings;
    this.#options = options;
    this.#isDevelopment = surroundings.env['HOLDFAST_ENV'] === 'development';
  }

  /** This daemon serves; null: none does. */
  saw(daemon: DaemonIdentity | null): void {
    if (daemon) this.#running = { version: daemon.version, build: daemon.build };
    this.#happened(this.#judge(daemon));
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#state = 'done';
  }

  #judge(daemon: Build | null): AutoUpdateEvent {
    const { build: available } = this.#surroundings.installation;
    if (!daemon || !available || daemon.build === available.build) return 'current';
    // Of two builds of the same version nobody knows which is the later one; in development it is the one that is edited.
    if (!this.#isDevelopment && orderOf(available.version, daemon.version) <= 0) return 'current';
    return this.#attempts(available) >= this.#tries ? 'spent' : 'newer';
  }

  get #tries(): number {
    return this.#options.tries ?? TRIES;
  }

  /** How often all processes have failed to replace this build by that one. */
  #attempts(available: Build): number {
    const { attempts } = readUpdateRecord(this.#surroundings.home);
    const isSame = attempts?.running === this.#running?.build && attempts?.available === available.build;
    return isSame ? (attempts?.count ?? 0) : 0;
  }

  #happened(event: AutoUpdateEvent): void {
    const found = AUTO_UPDATE[this.#state][event];
    if (!found) return;
    this.#state = found.state;
    for (const effect of found.effects) this.#do(effect);
  }

  #do(effect: AutoUpdateEffect): void {
    const { installation, emit } = this.#surroundings;
    const { build: available } = installation;
    if (!available || !this.#running) return;
    const builds = { running: this.#running.build, available: available.build };
    switch (effect) {
      case 'tellPending':
        return emit({ type: 'update_pending', ...builds });
      case 'schedule':
        return this.#schedule(this.#attempts(available));
      case 'scheduleSame': {
        const { retryDelayMs = RETRY_DELAY_MS } = this.#options;
        return this.#schedule(this.#attempts(available), retryDelayMs);
      }
      case 'cancel':
        return this.#timer?.cancel();
      case 'upgrade':
        return void this.#upgrade(available, this.#attempts(available));
      case 'tellOk':
        return emit({ type: 'auto_update_ok', ...builds });
      case 'tellFailed':
        return emit({
          type: 'auto_update_failed',
          ...builds,
          code: this.#failure?.code ?? '',
          reason: this.#failure?.reason ?? '',
        });
      case 'tellGivenUp':
        return emit({ type: 'auto_update_given_up', ...builds, tries: this.#tries });
    }
  }

  #schedule(failed: number, delayMs = this.#delayMs(failed)): void {
    const { connector, emit } = this.#surroundings;
    emit({ type: 'auto_update_scheduled', delayMs, attempt: failed + 1 });
    this.#timer = connector.after(delayMs, () => this.#happened('due'));
  }

  #delayMs(failed: number): number {
    const { startDelayMs, retryDelayMs = RETRY_DELAY_MS } = this.#options;
    if (failed > 0) return retryDelayMs * BACK_OFF_FACTOR ** (failed - 1);
    if (startDelayMs !== undefined) return startDelayMs;
    if (this.#isDevelopment) return 0;
    return Math.max(START_DELAY_MS, (START_UP_RUSH_S - uptime()) * 1_000);
  }

  async #upgrade(available: Build, failed: number): Promise<void> {
    const { home, emit } = this.#surroundings;
    const running = this.#running?.build ?? '';
    emit({ type: 'auto_update_attempt', running, available: available.build, attempt: failed + 1 });
    const outcome = await upgrade(this.#surroundings);
    if (outcome.ok) return this.#happened('ok');
    if (outcome.code === 'E_UPGRADE_BUSY') return this.#happened('busy');
    this.#failure = outcome;
    const count = failed + 1;
    try {
      const attempts = { running, available: available.build, count };
      writeUpdateRecord(home, { ...readUpdateRecord(home), attempts });
    } catch {
      // A full disk: this process counts on by itself, since the last try is its own.
      return this.#happened('failedLast');
    }
    this.#happened(count >= this.#tries ? 'failedLast' : 'failed');
  }
}
