import { expect, test } from 'vitest';
import { whyNoNats } from '../e2e/support/test-nats.ts';
import { scale } from '../scale/scale.ts';

const HOSTS = Number(process.env['HOLDFAST_SCALE_HOSTS'] ?? 200);
const SESSIONS = Number(process.env['HOLDFAST_SCALE_SESSIONS'] ?? 100);

test(`a fleet of ${HOSTS} hosts with ${SESSIONS} sessions each costs its server what docs/scale.md says`, async (context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
  const costs = await scale({ hosts: HOSTS, sessions: SESSIONS, onStep: (line) => console.log(line) });
  console.log(JSON.stringify(costs, undefined, 2));
  const { rest, attached, list } = costs;
  expect({ hosts: list.hosts, sessions: list.sessions }).toEqual({
    hosts: HOSTS + 1,
    sessions: (HOSTS + 1) * SESSIONS,
  });
  // In 20 s: a lease each 2.5 s, and a word from each end of a terminal every two seconds.
  expect(rest.messagesIn).toBeLessThanOrEqual(10);
  expect(attached.messagesIn - rest.messagesIn).toBeLessThanOrEqual(24);
  // Two keys of each host are asked for, and what the two buckets have.
  expect(list.messagesIn).toBeLessThanOrEqual(2 * (HOSTS + 1) + 20);
}, 600_000);
