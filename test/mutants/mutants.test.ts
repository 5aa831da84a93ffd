import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';

interface Mutant {
  name: string;
  file: string;
  text: string;
  tests: string[];
}

const mutants = JSON.parse(readFileSync(join(packageRoot, 'test/mutants/mutants.json'), 'utf8')) as Mutant[];

test.each(mutants)('$name: the text that the mutant replaces stands once in its file', ({ file, text, tests }) => {
  const source = readFileSync(join(packageRoot, file), 'utf8');
  expect(source.split(text)).toHaveLength(2);
  for (const path of tests) {
    expect([`${path}.test.ts`, path].some((known) => existsSync(join(packageRoot, known)))).toBe(true);
  }
});
