import type { WebPage } from './web-page.ts';

/** What the host says to terminals of a page waits until it is delivered. */
export async function holdBackTerminals({ page }: WebPage): Promise<{ deliver: () => void }> {
  let deliver = () => {};
  const mayPass = new Promise<void>((resolve) => (deliver = resolve));
  await page.routeWebSocket(/\/terminal\//, (near) => {
    near.connectToServer().onMessage((message) => void mayPass.then(() => near.send(message)));
  });
  return { deliver };
}
