import { floodThroughPeers } from '../flood-through-peers.ts';
import type { Measure } from '../measure.ts';
import { writeText } from '../text-file.ts';

/** About a line of a build's log. */
const WRITE_BYTES = 64;

/** The same text in small writes: what each of them costs on its way. */
export const smallWrites: Measure = {
  name: 'small',
  title: `a text file in writes of ${WRITE_BYTES} bytes through an attached client`,
  run: (bench) =>
    floodThroughPeers(
      {
        name: 'small',
        write: writeText,
        show: (file) => `dd if=${file} bs=${WRITE_BYTES} status=none`,
        share: 0.1,
      },
      bench,
    ),
};
