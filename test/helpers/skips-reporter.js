import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** Which tests may be skipped, and what for: test/skips.json. */
const reasons = JSON.parse(readFileSync(new URL('../skips.json', import.meta.url), 'utf8'));

/**
 * Lists at the end what was skipped and why, and fails the run where a test was skipped that nobody listed; with
 * OSTEOGRAPH_TEST_EXTERNAL, which `npm run test:external` sets, where any was.
 */
export default class SkipsReporter {
  onTestRunEnd(modules) {
    // With --testNamePattern the tests of other names count as skipped too.
    if (process.argv.some((flag) => /^(-t|--testNamePattern)/.test(flag))) return;
    const byReason = new Map();
    const unlisted = [];
    for (const module of modules) {
      const skipped = [...module.children.allTests('skipped')].length;
      if (skipped === 0 || !module.ok()) continue;
      const file = relative('test', module.moduleId).split(sep).join('/');
      const reason = Object.keys(reasons).find((name) => reasons[name].includes(file));
      if (reason) byReason.set(reason, (byReason.get(reason) ?? 0) + skipped);
      else unlisted.push(`${file}: ${skipped}`);
    }
    for (const [reason, count] of byReason) console.log(`Skipped ${count} test${count === 1 ? '' : 's'}: ${reason}`);
    if (unlisted.length > 0) {
      console.log(`Skipped without a reason in test/skips.json: ${unlisted.join(', ')}`);
      process.exitCode = 1;
    } else if (byReason.size > 0 && process.env.OSTEOGRAPH_TEST_EXTERNAL) {
      console.log('This machine lacks what the skipped tests need; the reasons are listed above.');
      process.exitCode = 1;
    }
  }
}
