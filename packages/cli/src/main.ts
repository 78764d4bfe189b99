import { dispatch } from './dispatch.ts';
import { flushStreams } from './output/standard-streams.ts';

const code = await dispatch(process.argv.slice(2));
await flushStreams();
process.exit(code);
