import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { TRPCError } from '@trpc/server';
import type { Use } from '../daemons/pool.ts';
import { machinesOf } from './machines.ts';
import type { ApiContext } from './trpc.ts';

/** Which daemon is meant: by default that of the host itself. */
export interface Place {
  readonly namespace?: string | undefined;
  /** Another machine's, which has no namespaces. */
  readonly machine?: string | undefined;
}

/** A daemon that can be asked. */
export type DaemonUse = Use<{ client(): Promise<Client> }>;

type Reach = Pick<ApiContext, 'namespaces' | 'machines'>;

/** The daemon that is meant. Throws HoldfastError: E_USAGE for one that can't be, E_LIMIT. */
export function useDaemon(reach: Reach, { namespace, machine }: Place): DaemonUse {
  if (machine === undefined) return reach.namespaces.use(namespace);
  if (namespace !== undefined)
    throw new HoldfastError('E_USAGE', 'a machine of the fleet has one daemon: it has no namespaces');
  return machinesOf(reach).use(machine);
}

/** For who starts a daemon if none runs; another machine starts its own for whoever connects to it. */
export function useDaemonToStart(reach: Reach, place: Place): DaemonUse {
  if (place.machine !== undefined) return useDaemon(reach, place);
  const use = reach.namespaces.useToStart(place.namespace);
  return {
    thing: { client: () => use.thing.clientOrStart() },
    [Symbol.dispose]: () => use[Symbol.dispose](),
  };
}

/** A connection for whoever asks: for who may see one session only, one on which the daemon refuses every other. */
export function useForAll(context: Reach & Pick<ApiContext, 'principal'>, place: Place): DaemonUse {
  const { share } = context.principal;
  if (!share) return useDaemon(context, place);
  const isOther = place.namespace !== undefined && place.namespace !== share.namespace;
  if (isOther || place.machine !== undefined)
    throw new TRPCError({ code: 'FORBIDDEN', message: 'this token is for another daemon' });
  return context.namespaces.shared(share);
}
