import { writeEscapes } from '../escape-file.ts';
import { floodThroughPeers } from '../flood-through-peers.ts';
import type { Measure } from '../measure.ts';

/** What a program draws that colours each character: emulators have the most to do with it, and show the least text. */
export const escapes: Measure = {
  name: 'escapes',
  title: 'cat of a file of escape sequences through an attached client',
  run: (bench) =>
    floodThroughPeers(
      { name: 'escapes', write: writeEscapes, show: (file) => `cat ${file}`, share: 0.25 },
      bench,
    ),
};
