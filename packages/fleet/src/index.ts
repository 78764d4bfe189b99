export type { AnnouncedSession } from './announced-sessions.ts';
export { type FleetHost, type FleetHostOptions, joinFleet } from './machine/fleet-host.ts';
export type { Machine } from './machine/requests.ts';
export type { Surroundings } from './messages.ts';
export type { FleetAddress } from './nats/fleet-address.ts';
export type { Bridge } from './remote/bridge.ts';
export { Fleet } from './remote/fleet.ts';
export type { ListedHost } from './remote/hosts.ts';
export { checkHostName, hostNameOf } from './subjects.ts';
