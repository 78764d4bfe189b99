import { floodThroughPeers } from '../flood-through-peers.ts';
import type { Measure } from '../measure.ts';
import { writeText } from '../text-file.ts';

/** Plain text, in writes as large as `cat` makes them. */
export const flood: Measure = {
  name: 'flood',
  title: 'cat of a text file through an attached client',
  run: (bench) =>
    floodThroughPeers(
      {
        name: 'flood',
        write: writeText,
        show: (file) => `cat ${file}`,
        goals: [
          { peer: 'tmux', is: 'at least', limit: 1.5 },
          { peer: 'dtach', is: 'at least', limit: 1 },
          { peer: 'direct', is: 'at least', limit: 0.75 },
        ],
      },
      bench,
    ),
};
