import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installation, TestHome } from '@holdfast/testkit';
import { TestHost } from './test-host.ts';

/** A host whose daemon's file can be broken, and mended. */
export class ReplaceableDaemon implements AsyncDisposable {
  readonly host: TestHost;
  readonly #home: TestHome;
  readonly #entry: string;

  private constructor(home: TestHome, host: TestHost, entry: string) {
    this.#home = home;
    this.host = host;
    this.#entry = entry;
  }

  static async start(): Promise<ReplaceableDaemon> {
    const entry = path.join('/tmp', `hf-entry-${process.pid}-${Date.now()}.mjs`);
    const home = new TestHome({ env: { HOLDFAST_DAEMON_ENTRY: entry } });
    symlinkSync(installation().daemonEntry, entry);
    return new ReplaceableDaemon(home, await TestHost.start({ home }), entry);
  }

  breakIt(): void {
    unlinkSync(this.#entry);
    writeFileSync(this.#entry, 'throw new Error("this build is broken");\n');
  }

  mend(): void {
    unlinkSync(this.#entry);
    symlinkSync(installation().daemonEntry, this.#entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.#home[Symbol.asyncDispose]();
    unlinkSync(this.#entry);
  }
}
