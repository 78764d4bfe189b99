import fs from 'node:fs';

/** The descriptors of this process (or another) and what they stand for. */
export function openDescriptors(pid: number | 'self' = 'self'): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  const open = new Map<number, string>();
  for (const name of fs.readdirSync(folder)) {
    try {
      open.set(Number(name), fs.readlinkSync(`${folder}/${name}`));
    } catch {
      // ENOENT: the one that read the folder.
    }
  }
  return open;
}
