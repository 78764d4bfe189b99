import { machinesRouter } from './machines.ts';
import { terminalRouter } from './terminal.ts';
import { router } from './trpc.ts';

/** Everything that the API can do. */
export const appRouter = router({ machines: machinesRouter, terminal: terminalRouter });

/** For a client's types: `createTRPCClient<AppRouter>`. */
export type AppRouter = typeof appRouter;
