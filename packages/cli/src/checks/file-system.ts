import { statfsSync } from 'node:fs';
import { type Check, type Finding, ok, warn } from './finding.ts';
import { FREE_BYTES_MIN, nearestExisting } from './home.ts';

/** By statfs(2). Those that are not here are taken for disks. */
const TMPFS = 0x0102_1994;
const OF_OTHER_MACHINES = new Map([
  [0x6969, 'NFS'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB'],
  [0x0102_1997, '9p'],
]);
const NEARLY_FULL = 0.95;
/** What others write may well fill less soon. */
const ROOM_BYTES_MIN = 4 * FREE_BYTES_MIN;

/** What histories lie on. */
export const fileSystem: Check = {
  name: 'file system',
  run({ home }) {
    const { type, blocks, bavail, bsize } = statfsSync(nearestExisting(home.stateDir));
    return judgeFileSystem({
      type,
      usedPart: blocks === 0 ? 0 : 1 - bavail / blocks,
      freeBytes: bavail * bsize,
    });
  },
};

/** `usedPart`: from 0 to 1, what only root may use included. Of a large disk a small part is room enough. */
export function judgeFileSystem({
  type,
  usedPart,
  freeBytes,
}: {
  type: number;
  usedPart: number;
  freeBytes: number;
}): Finding {
  const full = `${Math.round(usedPart * 100)} % full`;
  const remote = OF_OTHER_MACHINES.get(type >>> 0);
  if (remote !== undefined) {
    return warn(`the home is on ${remote}, ${full}`, {
      why: 'output waits for another machine, and locks may not hold',
      hint: 'set HOLDFAST_HOME, or XDG_STATE_HOME, to a folder on a disk of this machine',
    });
  }
  if (type === TMPFS) {
    return warn(`the home is in memory (tmpfs), ${full}`, {
      why: 'a reboot leaves nothing to restore',
      hint: 'set HOLDFAST_HOME, or XDG_STATE_HOME, to a folder on a disk',
    });
  }
  if (usedPart < NEARLY_FULL || freeBytes >= ROOM_BYTES_MIN)
    return ok(`the home is on a disk of this machine, ${full}`);
  return warn(`the home's file system is ${full}`, {
    why: 'once it is full, new histories are kept in memory, and a reboot takes them',
    hint: 'make room, or move HOLDFAST_HOME',
  });
}
