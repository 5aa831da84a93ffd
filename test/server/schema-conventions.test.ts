import { buildSchema } from 'graphql';
import { conventionFaults } from '../../src/server/schema-conventions.js';
import { platformSchema } from '../../src/server/schema.js';

const GOOD = `
  "What can be read."
  type Query {
    "A knee."
    knee("Node id of the knee." id: ID!): Knee
  }
  "What can be changed."
  type Mutation {
    "Takes a knee out."
    removeKnee("Everything that the mutation takes." input: RemoveKneeInput!): RemoveKneePayload!
  }
  "What \`removeKnee\` takes."
  input RemoveKneeInput {
    "Node id of the knee."
    id: ID!
  }
  "What \`removeKnee\` gives back."
  type RemoveKneePayload {
    "The knee."
    knee: Knee!
  }
  "A knee."
  type Knee {
    "Left or right."
    side: Side!
  }
  "Left or right."
  enum Side {
    "The left one."
    LEFT
  }
`;

test('the schema keeps its conventions', async () => {
  expect(conventionFaults(await platformSchema())).toEqual([]);
  expect(conventionFaults(buildSchema(GOOD))).toEqual([]);
});

test.each([
  ['a type', '"A knee."', 'Knee has no description.'],
  ['a field', '"Left or right."\n    side', 'Knee.side has no description.', 'side'],
  ['an enum value', '"The left one."', 'Side.LEFT has no description.'],
  ['a field of an input', '"Node id of the knee."\n    id', 'RemoveKneeInput.id has no description.', 'id'],
  ['an argument', '"Node id of the knee." id', 'Query.knee(id:) has no description.', 'id'],
])('%s without a description is a fault', (_what, told, fault, bare = '') => {
  const at = told === '"A knee."' ? GOOD.lastIndexOf(told) : GOOD.indexOf(told);
  const schema = GOOD.slice(0, at) + bare + GOOD.slice(at + told.length);

  expect(conventionFaults(buildSchema(schema))).toEqual([fault]);
});

test.each([
  [
    'takes an id of its own',
    'input: RemoveKneeInput!',
    'id: ID!',
    'removeKnee does not take the one argument input: RemoveKneeInput!.',
  ],
  [
    'takes a second argument',
    'input: RemoveKneeInput!',
    'input: RemoveKneeInput!, "Why." note: String',
    'removeKnee does not take the one argument input: RemoveKneeInput!.',
  ],
  ['gives the thing itself', '): RemoveKneePayload!', '): Knee!', 'removeKnee does not give RemoveKneePayload!.'],
  ['may give null', '): RemoveKneePayload!', '): RemoveKneePayload', 'removeKnee does not give RemoveKneePayload!.'],
])('a mutation that %s is a fault', (_what, told, instead, fault) => {
  expect(conventionFaults(buildSchema(GOOD.replace(told, instead)))).toEqual([fault]);
});

test.each([
  ['type KneeItem', 'KneeItem is a name of the implementation.'],
  ['scalar DateTimeISO', 'DateTimeISO is a name of the implementation.'],
  ['input KneeOptions', 'KneeOptions is an input type, whose name ends in Input, Filter or Order.'],
])('%s is a fault', (declaration, fault) => {
  const body = declaration.startsWith('scalar') ? '' : ' { "A number." count: Int }';

  expect(conventionFaults(buildSchema(`${GOOD} "Something." ${declaration}${body}`))).toEqual([fault]);
});
