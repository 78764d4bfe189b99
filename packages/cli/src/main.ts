import { dispatch } from './dispatch.ts';
import { flushStreams } from './output/standard-streams.ts';

// A function, since it is bundled as CommonJS, which has no await at the top.
async function main(): Promise<never> {
  const code = await dispatch(process.argv.slice(2));
  await flushStreams();
  process.exit(code);
}

void main();
