import type { UpgradeOutcome } from './upgrade.ts';

/** What became of machines that were upgraded one after the other. */
export interface RollingUpgrade {
  /** Machines, in the order in which they were upgraded. */
  readonly upgraded: readonly string[];
  /** The one at which it ended; undefined: none. */
  readonly failed:
    | { readonly host: string; readonly outcome: Extract<UpgradeOutcome, { ok: false }> }
    | undefined;
  /** Machines that come behind the one that failed. */
  readonly left: readonly string[];
}

export interface RollingUpgradeSteps {
  /** Has one machine upgraded. That it fails is a value. */
  readonly upgrade: (host: string) => Promise<UpgradeOutcome>;
  readonly onBegin?: (host: string) => void;
  readonly onOutcome: (host: string, outcome: UpgradeOutcome) => void;
}

/** Has machines upgraded one after the other, until one fails. */
export async function upgradeInTurn(
  hosts: readonly string[],
  { upgrade, onBegin, onOutcome }: RollingUpgradeSteps,
): Promise<RollingUpgrade> {
  for (const [index, host] of hosts.entries()) {
    onBegin?.(host);
    const outcome = await upgrade(host);
    onOutcome(host, outcome);
    if (!outcome.ok)
      return { upgraded: hosts.slice(0, index), failed: { host, outcome }, left: hosts.slice(index + 1) };
  }
  return { upgraded: hosts, failed: undefined, left: [] };
}
