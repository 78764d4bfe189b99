/** What a terminal answers, in all the ways in which terminals are asked. */
const QUERIES = [
  '\\x05', // ENQ
  '\\x1bZ', // DECID
  '\\x1b\\[[>=]?[0-9;]*c', // DA1, DA2, DA3
  '\\x1b\\[\\??[0-9;]*n', // DSR, CPR, colour scheme
  '\\x1b\\[\\??[0-9;]*\\$p', // DECRQM
  '\\x1b\\[\\?u', // kitty keyboard
  '\\x1b\\[\\?[0-9;]*m', // XTQMODKEYS
  '\\x1b\\[>[0-9]*q', // XTVERSION
  '\\x1b\\[\\?[0-9;]*S', // XTSMGRAPHICS
  '\\x1b\\[[0-9;]*x', // DECREQTPARM
  '\\x1b\\[[0-9;]*\\*y', // DECRQCRA
  '\\x1b\\[(?:1[1-9]|2[01])(?:;[0-9;]*)?t', // state, place and sizes of the window, its titles
  '\\x1b\\[[0-9;]*\\$[uw]', // DECRQTSR, DECRQPSR
  "\\x1b\\[[0-9;]*'\\|", // DECRQLP
  '\\x1bP[$+]q', // DECRQSS, XTGETTCAP
  '\\x1b\\](?:[45]|1[0-9]|2[12]|52|99|7770?)(?:;[^\\x07\\x1b]*)?;\\?', // colours, clipboard, and others
  '\\x1b_G', // kitty graphics
];
const QUERY = new RegExp(QUERIES.join('|'), 'g');

/** Everything in these bytes that a terminal would answer. */
export function queriesIn(bytes: Uint8Array): string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').match(QUERY) ?? [];
}
