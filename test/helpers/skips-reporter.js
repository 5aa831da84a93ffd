import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** Which tests may be skipped, and what for: test/skips.json. */
const reasons = JSON.parse(readFileSync(new URL('../skips.json', import.meta.url), 'utf8'));

/**
 * Lists at the end what was skipped and why, and fails the run where a test was skipped that nobody listed; with
 * OSTEOGRAPH_TEST_EXTERNAL, which `npm run test:external` sets, where any was.
 */
export default class SkipsReporter {
  #unlisted = [];
  #listed = 0;

  onRunComplete(_contexts, { testResults }) {
    const byReason = new Map();
    for (const { testFilePath, testResults: tests } of testResults) {
      const file = relative('test', testFilePath).split(sep).join('/');
      // With --testNamePattern the tests of other names count as pending too.
      const skipped = tests.filter(({ status }) => status === 'pending').length;
      if (skipped === 0 || process.argv.some((flag) => /^(-t|--testNamePattern)/.test(flag))) continue;
      const reason = Object.keys(reasons).find((name) => reasons[name].includes(file));
      if (reason) {
        byReason.set(reason, (byReason.get(reason) ?? 0) + skipped);
        this.#listed += skipped;
      } else this.#unlisted.push(`${file}: ${skipped}`);
    }
    for (const [reason, count] of byReason) console.log(`Skipped ${count} test${count === 1 ? '' : 's'}: ${reason}`);
    if (this.#unlisted.length > 0) {
      console.log(`Skipped without a reason in test/skips.json: ${this.#unlisted.join(', ')}`);
    }
  }

  getLastError() {
    if (this.#unlisted.length > 0) return new Error('Tests were skipped that test/skips.json does not name.');
    if (this.#listed > 0 && process.env.OSTEOGRAPH_TEST_EXTERNAL) {
      return new Error('This machine lacks what the skipped tests need; the reasons are listed above.');
    }
    return undefined;
  }
}
