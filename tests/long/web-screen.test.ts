import { reloadedShowsTheSame } from '../e2e/support/web-reload.ts';
import { webTest } from '../e2e/support/web-test.ts';

const WRITTEN_BYTES = 10 * 1024 * 1024;

webTest(
  'a page that is loaded again shows what one shows that was there from the beginning: modes of long ago, 10 MiB written, 64 KiB kept',
  ({ browser, host, web }) => reloadedShowsTheSame({ browser, host, web }, WRITTEN_BYTES),
);
