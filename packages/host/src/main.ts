// What `holdfast serve` loads: a bundle of its own, so that no other command pays for it.
export { startHost } from './host.ts';
