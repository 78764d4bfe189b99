// What `--host`, `hosts` and `serve --fleet` load: a bundle of its own, so that nobody else pays for it.
export { joinFleet } from './machine/fleet-host.ts';
export { Fleet } from './remote/fleet.ts';
export { checkHostName, hostNameOf } from './subjects.ts';
export { BUILD, VERSION } from '@holdfast/protocol';
