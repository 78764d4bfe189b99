import type { Browser } from 'playwright-core';
import { Scope } from './scope.ts';
import { TestHost } from './test-host.ts';
import { TestNats } from './test-nats.ts';
import { WebPage } from './web-page.ts';

/** A host of a fleet in which nobody is kept from anything. */
export function startInFleet(name: string, nats: TestNats): Promise<TestHost> {
  return TestHost.start({ args: ['--fleet', nats.url, '--fleet-name', name] });
}

/** Two machines of a fleet, alpha and beta. */
export class FleetPair implements AsyncDisposable {
  readonly alpha: TestHost;
  readonly beta: TestHost;
  readonly #all: Scope;

  private constructor(alpha: TestHost, beta: TestHost, all: Scope) {
    this.alpha = alpha;
    this.beta = beta;
    this.#all = all;
  }

  static async start(): Promise<FleetPair> {
    const all = new Scope();
    try {
      const nats = all.use(await TestNats.start());
      const alpha = all.use(await startInFleet('alpha', nats));
      return new FleetPair(alpha, all.use(await startInFleet('beta', nats)), all);
    } catch (error) {
      await all[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The page of alpha, which shows both. */
  openPage(browser: Browser): Promise<WebPage> {
    return WebPage.open(browser, this.alpha.at);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#all[Symbol.asyncDispose]();
  }
}
