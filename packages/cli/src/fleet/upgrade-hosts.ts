import type { Fleet } from '@holdfast/fleet';
import { HoldfastError, isErrorCode, ownError } from '@holdfast/protocol';
import { type RollingUpgrade, upgradeInTurn, type UpgradeOutcome } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { inFleet } from './in-fleet.ts';

type Failed = Extract<UpgradeOutcome, { ok: false }>;

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
    return await upgradeInTurn(hosts, {
      upgrade: (host) => upgradeOrTell(fleet, host, timeoutMs),
      onOutcome,
    });
  });
}

/** Has one host upgraded; that it can't be asked is an outcome, too. */
export function upgradeOrTell(fleet: Fleet, host: string, timeoutMs?: number): Promise<UpgradeOutcome> {
  return ask(fleet, host, timeoutMs).catch(asOutcome);
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
