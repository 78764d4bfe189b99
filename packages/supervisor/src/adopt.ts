import type { Client } from '@holdfast/client';
import { type DaemonIdentity, type ErrorCode, HoldfastError, type UpgradeUnderWay } from '@holdfast/protocol';
import { believedManifest, correctManifest, inFlight } from './manifest.ts';
import { reach, type Surroundings } from './surroundings.ts';

/** A busy machine answers late; longer than this says nothing more. */
const HELLO_MS = 3_000;

/** What was found in a home. */
export type Adoption =
  | { readonly kind: 'serving'; readonly daemon: DaemonIdentity }
  /**
   * One is there, and did not answer in time, or not in a way that can be understood. It is not dead, and
   * nothing is done to it. `pid` is what the manifest says, if that process lives. */
  | {
      readonly kind: 'unknown';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly pid: number | null;
    }
  /** Its keeper starts none any more; programs wait, alive. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'none' };

/** Looks which daemon serves. It starts none and ends none, whatever it finds. Throws E_NO_DAEMON if the home can't be used. */
export async function adopt(surroundings: Surroundings): Promise<Adoption> {
  const { emit } = surroundings;
  try {
    const client = await reach(surroundings, HELLO_MS);
    if (!client) return { kind: 'none' };
    client.close();
    const { daemon } = client;
    emit({ type: 'adopt', pid: daemon.pid, version: daemon.version, build: daemon.build });
    repairManifest(surroundings, client);
    return { kind: 'serving', daemon };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code === 'E_NO_DAEMON') throw error;
    const { code, message: reason } = error;
    if (code === 'E_HELD') return { kind: 'held', reason };
    emit({ type: 'adopt_rejected', code, reason });
    const manifest = believedManifest(surroundings.home);
    return { kind: 'unknown', code, reason, pid: manifest?.pid ?? null };
  }
}

/** What a daemon says of itself counts, whatever the manifest says; of an upgrade those of earlier versions say nothing. */
export function repairManifest(
  { home, emit }: Surroundings,
  serving: Pick<Client, 'daemon' | 'protocol'>,
  upgrade?: UpgradeUnderWay,
): void {
  const why = correctManifest(home, serving, upgrade ? inFlight(upgrade) : 'asBefore');
  if (why !== undefined) emit({ type: 'manifest_repaired', pid: serving.daemon.pid, why });
}
