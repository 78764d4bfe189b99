import type { Goal, Row } from './measure.ts';

/** Medians by peer, and what Holdfast's is in relation to one of them; undefined if that one is missing. */
function ratioTo(peer: string, medians: ReadonlyMap<string, number>): number | undefined {
  const own = medians.get('holdfast');
  const others = medians.get(peer);
  return own === undefined || others === undefined ? undefined : own / others;
}

/** A goal for that ratio. */
export function ratioGoal(
  what: string,
  { peer, is, limit }: { peer: string; is: Goal['is']; limit: number },
  medians: ReadonlyMap<string, number>,
): Goal {
  return { text: `${what}, holdfast : ${peer}`, is, limit, value: ratioTo(peer, medians) };
}

/** The same for a table's cell. */
export function ratioCell(peer: string, medians: ReadonlyMap<string, number>): Row[string] {
  const ratio = ratioTo(peer, medians);
  return ratio === undefined ? '–' : ratio.toFixed(2);
}
