// A vitest reporter that counts, for scripts/test.mjs: writes a Tally as JSON to the file named by HOLDFAST_TALLY.
import { writeFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string | undefined }[] }} Tally */

/** @typedef {import('vitest/node').Reporter} Reporter */

/** @implements {Reporter} */
export default class TallyReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Tally} */
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that can't be loaded, and a hook that throws, have no failed test to show for it.
      tally.failed += module.errors().length;
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
      for (const test of module.children.allTests()) count(tally, module, test);
    }
    writeFileSync(process.env['HOLDFAST_TALLY'] ?? '/dev/stdout', JSON.stringify(tally));
  }
}

/**
 * @param {Tally} tally
 * @param {import('vitest/node').TestModule} module
 * @param {import('vitest/node').TestCase} test
 */
function count(tally, module, test) {
  const result = test.result();
  if (result.state === 'passed') tally.passed += 1;
  else if (result.state === 'skipped') {
    tally.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: result.note });
  } else tally.failed += 1; // failed, or pending: a test that was begun and never ended
}
