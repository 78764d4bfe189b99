import { HoldfastError } from '@holdfast/protocol';

/**
 * What a subject says, so that a server's permissions decide who may do what:
 *
 *   holdfast.HOST.ROLE.VERB        requests to a machine
 *   holdfast.HOST.ROLE.up.ID       a tunnel, to the machine
 *   holdfast.HOST.ROLE.down.ID     and from it
 *
 * Who may publish only to `holdfast.*.view.>` can only look. Tunnels have the role in their subjects, too: else whoever may look
 * could type into the tunnel of somebody who may do more.
 */
const ROOT = 'holdfast';

/** `view` sees everything and does nothing; `operate` does what a user at the machine does. */
export type Role = 'view' | 'operate';
export type Verb = 'open' | 'status' | 'upgrade' | 'surroundings';

const HOST_NAME = /^[A-Za-z0-9_-]{1,63}$/;

export function requestSubject(host: string, role: Role, verb: Verb): string {
  return `${ROOT}.${host}.${role}.${verb}`;
}

export function upSubject(host: string, role: Role, id: string): string {
  return `${ROOT}.${host}.${role}.up.${id}`;
}

export function downSubject(host: string, role: Role, id: string): string {
  return `${ROOT}.${host}.${role}.down.${id}`;
}

/** All requests to a machine, and all that comes up its tunnels. */
export function subjectsOf(host: string): { requests: string; up: string } {
  return { requests: `${ROOT}.${host}.*.*`, up: `${ROOT}.${host}.*.up.*` };
}

/** The parts of a subject behind the machine's name; undefined for a role that does not exist. */
export function partsOf(subject: string): { role: Role; last: string } | undefined {
  const tokens = subject.split('.');
  const role = tokens[2];
  if (role !== 'view' && role !== 'operate') return undefined;
  return { role, last: tokens.at(-1) ?? '' };
}

/** Whether a machine can be called so in the fleet. */
export function isHostName(name: string): boolean {
  return HOST_NAME.test(name);
}

/** The name of a machine in the fleet. Throws E_USAGE for what can't be one. */
export function checkHostName(name: string): string {
  if (isHostName(name)) return name;
  const why = '1 to 63 of A-Z a-z 0-9 _ -';
  throw new HoldfastError('E_USAGE', `can't use ${JSON.stringify(name)} as a host's name: ${why}`);
}

/** The nearest thing to a machine's own name that can be one: without its domain. */
export function hostNameOf(hostname: string): string {
  const [first = ''] = hostname.split('.');
  return first.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 63) || 'host';
}
