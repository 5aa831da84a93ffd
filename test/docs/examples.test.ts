import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { packageRoot } from '../../src/domain/package.js';

const schema = buildSchema(readFileSync(join(packageRoot, 'schema.graphql'), 'utf8'));
const guides = readdirSync(join(packageRoot, 'docs/guides')).map((file) => join('docs/guides', file));
const examples = ['README.md', ...guides].flatMap((file) =>
  [...readFileSync(join(packageRoot, file), 'utf8').matchAll(/^```graphql\n(.*?)^```/gms)].map((match) => ({
    file,
    text: match[1]!,
  })),
);

test('the docs have GraphQL examples', () => {
  expect(examples.length).toBeGreaterThan(4);
});

test.each(examples)('an example of $file is valid against the schema: $text', ({ text }) => {
  expect(validate(schema, parse(text)).map((error) => error.message)).toEqual([]);
});
