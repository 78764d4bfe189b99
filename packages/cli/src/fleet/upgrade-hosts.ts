import type { Fleet } from '@holdfast/fleet';
import { HoldfastError, isErrorCode } from '@holdfast/protocol';
import type { UpgradeOutcome } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { ownError } from '../connection/own-error.ts';
import { inFleet } from './in-fleet.ts';

type Failed = Extract<UpgradeOutcome, { ok: false }>;

export interface RollingUpgrade {
  /** Hosts, in the order in which they were upgraded. */
  readonly upgraded: readonly string[];
  readonly failed: { readonly host: string; readonly outcome: Failed } | undefined;
  /** Hosts that come behind the one that failed. */
  readonly left: readonly string[];
}

/** Has one host upgraded to what is installed there. Throws if it can't be asked. */
export function upgradeHost(
  context: Context,
  host: string,
  timeoutMs: number | undefined,
): Promise<UpgradeOutcome> {
  return inFleet(context.env, (fleet) => ask(fleet, host, timeoutMs));
}

/** Has all hosts upgraded, one after the other, until one fails. Tells of each that is done. */
export function upgradeHosts(
  { env }: Context,
  timeoutMs: number | undefined,
  onOutcome: (host: string, outcome: UpgradeOutcome) => void,
): Promise<RollingUpgrade> {
  return inFleet(env, async (fleet) => {
    const hosts = (await fleet.hosts()).map(({ name }) => name);
    for (const [index, host] of hosts.entries()) {
      const outcome = await ask(fleet, host, timeoutMs).catch(asOutcome);
      onOutcome(host, outcome);
      if (!outcome.ok) {
        return { upgraded: hosts.slice(0, index), failed: { host, outcome }, left: hosts.slice(index + 1) };
      }
    }
    return { upgraded: hosts, failed: undefined, left: [] };
  });
}

async function ask(fleet: Fleet, host: string, timeoutMs: number | undefined): Promise<UpgradeOutcome> {
  return outcomeOf(await fleet.upgrade(host, timeoutMs === undefined ? {} : { timeoutMs }));
}

/** A host is of another version, maybe: what it says is looked at before it is believed. */
function outcomeOf(answer: unknown): UpgradeOutcome {
  const said: Record<string, unknown> = Object(answer);
  const to: Record<string, unknown> = Object(said['to']);
  if (said['ok'] === true && typeof to['build'] === 'string' && typeof said['sessions'] === 'number')
    return answer as UpgradeOutcome;
  const { code, reason, sessions } = said;
  if (said['ok'] === false && typeof code === 'string' && typeof reason === 'string')
    return {
      ok: false,
      code: isErrorCode(code) ? code : 'E_INTERNAL',
      reason,
      sessions: typeof sessions === 'number' ? sessions : null,
    };
  throw new HoldfastError('E_PROTOCOL', "the host's answer can't be read");
}

function asOutcome(thrown: unknown): Failed {
  const error = ownError(thrown);
  const { code, message } =
    error instanceof HoldfastError ? error : { code: 'E_INTERNAL' as const, message: String(error) };
  return { ok: false, code, reason: message, sessions: null };
}
