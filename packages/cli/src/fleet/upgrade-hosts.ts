import type { Fleet } from '@holdfast/fleet';
import { HoldfastError, ownError } from '@holdfast/protocol';
import { type RollingUpgrade, upgradeInTurn, type UpgradeOutcome } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { readUpgradeAnswer } from './answers.ts';
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
  return readUpgradeAnswer(await fleet.upgrade(host, timeoutMs === undefined ? {} : { timeoutMs }));
}

function asOutcome(thrown: unknown): Failed {
  const error = ownError(thrown);
  const { code, message } =
    error instanceof HoldfastError ? error : { code: 'E_INTERNAL' as const, message: String(error) };
  return { ok: false, code, reason: message, sessions: null };
}
