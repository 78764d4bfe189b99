import fs from 'node:fs';

/** What this process holds of the kernel, for comparing before and after. */
export function holdings(): { descriptors: number; mappings: number } {
  const maps = fs.readFileSync('/proc/self/maps', 'latin1').split('\n');
  // Only mappings of files that Holdfast makes: V8's own come and go.
  const ours = maps.filter((line) => /(ledger|marks|ring)( \(deleted\))?$/.test(line));
  return { descriptors: fs.readdirSync('/proc/self/fd').length, mappings: ours.length };
}
