import { TestHome } from '@holdfast/testkit';
import { expect } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { WebPage } from './support/web-page.ts';
import { webTest } from './support/web-test.ts';

webTest('the page of a host of another namespace shows that one', async ({ browser }) => {
  await using home = new TestHome({ env: { HOLDFAST_NAMESPACE: 'work' } });
  await using host = await TestHost.start({ home });
  const { terminal } = host.client();
  const command = ['sh', '-c', 'echo of the other daemon; exec cat'];
  const { id } = await terminal.create.mutate({ namespace: 'work', command, name: 'ours' });
  await using web = await WebPage.open(browser, host.at);
  await web.page.getByText('ours').first().click();
  await web.untilText(id, 'of the other daemon');
  expect(web.errors).toEqual([]);
});
