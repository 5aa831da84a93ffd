import { buildSchema, execute, parse, validate } from 'graphql';
import { compiledQuery } from '../../src/server/compiled-queries.js';

const schema = buildSchema(`
  enum Side { LEFT RIGHT }
  interface Node { id: ID! }
  type Visit implements Node { id: ID! code: String! exams: [Exam!]! }
  type Exam implements Node { id: ID! side: Side! kl: Int visit: Visit later: Int! readings(atLeast: Int = 1): [Reading!]! broken: Int never: Int! }
  type Reading { project: String! grade: Float }
  type Query { exams(first: Int): [Exam!]! exam: Exam node: Node fails: Int! failsLater: Int! }
  type Mutation { change: Int }
`);

const reading = (grade: number) => ({ project: '15', grade });
const exam = (id: number) => ({
  id,
  side: id % 2 ? 'LEFT' : 'RIGHT',
  kl: id % 3 ? id : null,
  visit: () => (id % 2 ? { id: `v${id}`, code: 'V00', exams: [] } : null),
  later: () => Promise.resolve(id),
  readings: async ({ atLeast }: { atLeast: number }) => [1, 2, 3].filter((grade) => grade >= atLeast).map(reading),
  broken: () => {
    throw new Error('broken');
  },
});

schema.getQueryType()!.getFields()['exams']!.resolve = async (_root, { first }: { first?: number }) =>
  Array.from({ length: first ?? 2 }, (_, index) => exam(index));
schema.getQueryType()!.getFields()['exam']!.resolve = () => exam(1);
schema.getQueryType()!.getFields()['node']!.resolve = () => ({ __typename: 'Exam', ...exam(1) });
schema.getQueryType()!.getFields()['fails']!.resolve = () => {
  throw new Error('at once');
};
schema.getQueryType()!.getFields()['failsLater']!.resolve = () => Promise.reject(new Error('later'));

test.each([
  ['fields, enums, numbers and nulls', '{ exams(first: 7) { id side kl visit { code } } }', {}, null],
  ['what arrives later', '{ exams { later readings { project grade } } exam { later } }', {}, null],
  [
    'arguments by variable, and their defaults',
    'query ($n: Int = 4, $k: Int) { exams(first: $n) { readings(atLeast: $k) { grade } } }',
    { k: 2 },
    null,
  ],
  ['aliases and names of types', '{ a: exams { __typename b: kl c: kl } __typename exams { id } }', {}, null],
  [
    'fragments, merged',
    '{ exams { ...A ... on Exam { kl visit { id } } } } fragment A on Exam { visit { code } id }',
    {},
    null,
  ],
  ['one of two operations', 'query A { exam { id } } query B { exams { kl } }', {}, 'B'],
] as [string, string, Record<string, unknown>, string | null][])(
  '%s come out as graphql-js gives them',
  async (_name, query, variables, name) => {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const wanted = await execute({ schema, document, variableValues: variables, operationName: name });

    const data = await compiledQuery(schema, document, name ?? undefined)!({}, variables);

    expect(wanted.errors).toBeUndefined();
    expect(JSON.stringify(data)).toBe(JSON.stringify(wanted.data));
  },
);

test.each([
  ['a directive', 'query ($no: Boolean!) { exam { id kl @skip(if: $no) } }'],
  ['an interface', '{ node { id } }'],
  ['a fragment on an interface', '{ exam { ... on Node { id } } }'],
  ['a mutation', 'mutation { change }'],
  ['the schema itself', '{ __schema { queryType { name } } }'],
  ['a field called __proto__', '{ exam { __proto__: id } }'],
])('%s is left to graphql-js', (_name, query) => {
  expect(compiledQuery(schema, parse(query), undefined)).toBeUndefined();
});

test.each([
  ['a resolver that throws', '{ exam { id broken } }', {}],
  ['a null that may not be', '{ exam { id never } }', {}],
  ['a variable of the wrong kind', 'query ($k: Int) { exam { readings(atLeast: $k) { grade } } }', { k: 'two' }],
  ['a failure beside a pending failure', '{ failsLater fails }', {}],
  ['a failure that comes later', '{ exam { later } failsLater }', {}],
])('%s is left to graphql-js, from the start', async (_name, query, variables) => {
  const answer = await compiledQuery(schema, parse(query), undefined)!({}, variables);

  expect(answer).toBeUndefined();
});
