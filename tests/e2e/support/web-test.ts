import type { Browser } from 'playwright-core';
import { test } from 'vitest';
import { TestHost } from './test-host.ts';
import { lacksBrowser, startBrowser, WebPage } from './web-page.ts';

/**
 * A test in Debian's Chromium. All tests of a file share one browser, and one host unless they start others; each has a window
 * with a cookie jar of its own. What a test doesn't name is not started.
 */
export const webTest = test
  .extend<{ $file: { browser: Browser; host: TestHost }; $test: { web: WebPage } }>({
    browser: [
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        await using browser = await startBrowser();
        await use(browser);
      },
      { scope: 'file' },
    ],
    host: [
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        await using host = await TestHost.start();
        await use(host);
      },
      { scope: 'file' },
    ],
    web: async ({ browser, host }, use) => {
      await using web = await WebPage.open(browser, host.at);
      await use(web);
    },
  })
  .skipIf(lacksBrowser);
