import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { buildSchema } from 'graphql';
import { mutationFaults } from '../../src/server/mutation-faults.js';
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
  expect(mutationFaults(await platformSchema())).toEqual([]);
  expect(mutationFaults(buildSchema(GOOD))).toEqual([]);
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
  expect(mutationFaults(buildSchema(GOOD.replace(told, instead)))).toEqual([fault]);
});

/** What the linter of the schema says of a piece of SDL, as `rule: message`. */
async function lint(sdl: string): Promise<string[]> {
  const options = [
    '--config',
    'eslint.schema.config.js',
    '--format',
    'json',
    '--stdin',
    '--stdin-filename',
    'x.graphql',
  ];
  const eslint = execFile(process.execPath, ['node_modules/eslint/bin/eslint.js', ...options]);
  let answer = '';
  eslint.stdout!.on('data', (part: string) => (answer += part));
  eslint.stdin!.end(sdl);
  await once(eslint, 'close');
  const [file] = JSON.parse(answer) as { messages: { ruleId: string; message: string }[] }[];
  return file!.messages.map(({ ruleId, message }) => `${ruleId.replace('@graphql-eslint/', '')}: ${message}`);
}

test('the linter finds what is not described, misnamed or no list of Relay', async () => {
  const found = await lint(`
    type Knee { """Left or right.""" side: Side! grade: Int }
    """Left or right.""" enum Side { """The left one.""" left }
    """Which knees.""" input KneeOptions { """Name.""" Name: String """A grade.""" XRKL: Int }
    """A knee.""" type KneeItem { """How many.""" count("""Of what.""" of: String): Int }
    """A time.""" scalar DateTimeISO
    """A page.""" type KneeConnection { """How many.""" totalCount: Int }
  `);

  expect(found.filter((fault) => !fault.startsWith('no-unreachable-types')).sort()).toEqual([
    'naming-convention: Enum value "left" should be in UPPER_CASE format',
    'naming-convention: Input "KneeOptions" should have one of the following suffixes: Input, Filter, or Order',
    'naming-convention: Input value "Name" should be in camelCase format',
    'naming-convention: Scalar "DateTimeISO" should not contain the forbidden pattern "/ISO$/"',
    'naming-convention: Type "KneeItem" should not have "Item" suffix',
    'relay-connection-types: Connection type must contain a field `edges` that return a list type.',
    'relay-connection-types: Connection type must contain a field `pageInfo` that return a non-null `PageInfo` Object type.',
    'require-description: Description is required for field "grade" in type "Knee"',
    'require-description: Description is required for type "Knee"',
  ]);
});
