// What a fleet costs its NATS server, by its number of hosts (tests/scale/): the figures of docs/scale.md.
//
//   npm run scale -- [--hosts N] [--sessions N]     1000 and 100
import { parseArgs } from 'node:util';
import { longRun } from './long-run.mjs';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000' },
    sessions: { type: 'string', default: '100' },
  },
});
longRun('scale', { HOLDFAST_SCALE_HOSTS: values.hosts, HOLDFAST_SCALE_SESSIONS: values.sessions }, 5);
