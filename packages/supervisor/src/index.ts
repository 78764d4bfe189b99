export { ensureDaemon, type EnsureOptions, isAccepting, isHomeInUse } from './ensure.ts';
export { checkHome, createHome, type Home, resolveHome } from './home.ts';
