export type { SessionChange } from './api/session-changes.ts';
export type { FailureDocument } from './api/failure.ts';
export type { AppRouter } from './api/router.ts';
export type { FleetDoor } from './machines/fleet-door.ts';
export { type Host, type HostOptions, startHost } from './host.ts';
