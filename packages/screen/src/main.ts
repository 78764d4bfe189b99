/** What the command line loads to make texts of what terminals have shown. */
export { Transcript } from './transcript.ts';
