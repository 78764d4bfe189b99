// Holdfast for long, with sessions at work and an upgrade now and then, and whether memory and descriptors stay flat (tests/soak/).
//
//   npm run soak -- [--minutes N] [--sessions N] [--upgrade-seconds N]     120, 100 and 60; exit 1 if anything grows
import { parseArgs } from 'node:util';
import { longRun } from './long-run.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    sessions: { type: 'string', default: '100' },
    'upgrade-seconds': { type: 'string', default: '60' },
  },
});
const numbers = {
  HOLDFAST_SOAK_MINUTES: values.minutes,
  HOLDFAST_SOAK_SESSIONS: values.sessions,
  HOLDFAST_SOAK_UPGRADE_SECONDS: values['upgrade-seconds'],
};
longRun('soak', numbers, 5);
