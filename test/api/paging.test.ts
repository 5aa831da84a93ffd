import type { Generation, KneeExam, Participant, Visit } from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { randomNumbers } from '../helpers/factories.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

interface Known {
  exam: KneeExam;
  visit: Visit;
  participant: Participant;
}

let api: TestServer;
let exams: Known[];
let generations: Generation[];

beforeAll(async () => {
  api = await startTestServer();
  ({ exams, generations } = await makeRows(api));
});

afterAll(() => api.close());

type Value = string | number | null;

const VALUES: Record<string, (known: Known) => Value> = {
  KL: ({ exam }) => exam.grades.XRKL,
  XRJSM: ({ exam }) => exam.grades.XRJSM,
  AGE: ({ visit }) => visit.age,
  BMI: ({ visit }) => visit.bmi,
  DATE: ({ visit }) => visit.date,
  VISIT: ({ visit }) => visit.code,
  SIDE: ({ exam }) => exam.side,
  SEX: ({ participant }) => participant.sex,
  OAI_ID: ({ participant }) => participant.oaiId,
  WOMAC_PAIN: ({ exam }) => exam.womacPain,
};

interface Term {
  field: string;
  direction: 'ASC' | 'DESC';
}

const asc = (field: string): Term => ({ field, direction: 'ASC' });
const desc = (field: string): Term => ({ field, direction: 'DESC' });

const ORDERS: Term[][] = [
  [],
  [asc('KL')],
  [desc('KL')],
  [asc('BMI')],
  [desc('BMI')],
  [desc('DATE'), asc('SIDE')],
  [asc('AGE'), desc('KL')],
  [desc('SEX'), asc('WOMAC_PAIN'), desc('XRJSM')],
  [asc('OAI_ID'), desc('VISIT'), asc('SIDE')],
  [desc('KL'), desc('KL'), asc('BMI'), desc('AGE')],
];

test.each(
  ORDERS.map((order) => [order.map(({ field, direction }) => `${field} ${direction}`).join(', ') || 'no order', order]),
)('pages by %s neither lose nor repeat an exam', async (_name, order) => {
  const wanted = sorted(order as Term[]);

  for (const first of [7, 50]) expect(await allPages(order as Term[], first)).toEqual(wanted);
});

test.each(
  ORDERS.map((order) => [order.map(({ field, direction }) => `${field} ${direction}`).join(', ') || 'no order', order]),
)('pages by %s from the end neither lose nor repeat an exam', async (_name, order) => {
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const answer: { data: { kneeExams: Connection } | null | undefined } = await api.ask(BACKWARDS, {
      orderBy: order,
      last: 7,
      before,
    });
    const { edges, pageInfo } = answer.data!.kneeExams;
    expect(pageInfo.hasNextPage).toBe(before !== null);
    seen.unshift(...edges.map(({ node }) => node.id));
    before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
  } while (before);

  expect(seen).toEqual(sorted(order as Term[]));
});

test('the rows between two cursors are taken from either end', async () => {
  const all = await api.ask<{ kneeExams: Connection }>(PAGE, { orderBy: [], first: 10 });
  const { edges } = all.data!.kneeExams;
  const between = { after: edges[1]!.cursor, before: edges[8]!.cursor };
  const { data, errors } = await api.ask<Record<string, Connection>>(
    `query ($after: String, $before: String) {
      start: kneeExams(after: $after, before: $before, first: 2) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } }
      end: kneeExams(after: $after, before: $before, last: 2) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } }
      whole: kneeExams(after: $after, before: $before) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } }
    }`,
    between,
  );

  expect(errors).toBeUndefined();
  const ids = (from: number, to: number) => edges.slice(from, to).map(({ node: { id } }) => ({ node: { id } }));
  const pageInfo = { hasNextPage: true, hasPreviousPage: true };
  expect(data).toEqual({
    start: { edges: ids(2, 4), pageInfo },
    end: { edges: ids(6, 8), pageInfo },
    whole: { edges: ids(2, 8), pageInfo },
  });
});

test('nested lists are read from their end', async () => {
  const { data } = await api.ask<{ kneeExams: { nodes: { generations: Record<'all' | 'end', object> }[] } }>(
    `{ kneeExams(where: { generations: { exists: true } }) { nodes {
      all: generations { nodes { id } } end: generations(last: 2) { nodes { id } pageInfo { hasNextPage } } } } }`,
  );

  for (const { all, end } of data!.kneeExams.nodes as unknown as Record<'all' | 'end', { nodes: object[] }>[]) {
    expect(end).toEqual({ nodes: all.nodes.slice(-2), pageInfo: { hasNextPage: false } });
  }
});

test.each([
  ['first: 1, last: 1', 'first and last cannot go together; give one of them.'],
  ['last: 0', 'last must be between 1 and 200, got 0.'],
  ['last: 201', 'last must be between 1 and 200, got 201.'],
  ['before: "x"', 'before is not a cursor; pass the startCursor of the page after.'],
])('a page of %s is refused', async (bounds, message) => {
  const { errors } = await api.ask(`{ kneeExams(${bounds}) { nodes { id } } }`);

  expect(errors!.map((error) => error.message)).toEqual([message]);
});

test('a page tells where it ends', async () => {
  const answer = await api.ask<{ kneeExams: Connection }>(PAGE, { orderBy: [], first: 7 });
  const { pageInfo, edges, totalCount } = answer.data!.kneeExams;

  expect(pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: false,
    startCursor: edges[0]!.cursor,
    endCursor: edges[6]!.cursor,
  });
  expect(totalCount).toBe(exams.length);
});

test('without first a page has 25 rows', async () => {
  const answer = await api.ask<{ kneeExams: Connection }>('{ kneeExams { edges { cursor } } }');

  expect(answer.data!.kneeExams.edges).toHaveLength(25);
});

test('generations made in the same millisecond are paged without loss, the newest first', async () => {
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const answer: { data: { generations: Connection } | null | undefined } = await api.ask(
      'query ($after: String) { generations(first: 4, after: $after) { edges { node { id } cursor } pageInfo { hasNextPage endCursor } } }',
      { after },
    );
    const { edges, pageInfo } = answer.data!.generations;
    seen.push(...edges.map(({ node }) => node.id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);

  expect(seen).toEqual(generations.map(({ id }) => encodeId('Generation', id)));
});

test('nested lists have pages and counts of their own', async () => {
  const answer = await api.ask<{
    kneeExams: { nodes: { id: string; generations: Connection & { totalCount: number } }[] };
  }>(
    `{ kneeExams(where: { generations: { exists: true } }) { nodes { id generations(first: 2) {
      totalCount edges { node { id } cursor } pageInfo { hasNextPage endCursor } } } } }`,
  );
  const { nodes } = answer.data!.kneeExams;

  for (const node of nodes) {
    const own = generations
      .filter(({ examId }) => encodeId('KneeExam', examId!) === node.id)
      .map(({ id }) => encodeId('Generation', id));
    expect(node.generations.totalCount).toBe(own.length);
    expect(node.generations.edges.map((edge) => edge.node.id)).toEqual(own.slice(0, 2));
    expect(node.generations.pageInfo.hasNextPage).toBe(own.length > 2);
  }
  const [long] = nodes.filter(({ generations: { totalCount } }) => totalCount > 4);
  const second = await api.ask<{ node: { generations: Connection } }>(
    `query ($id: ID!, $after: String) { node(id: $id) { ... on KneeExam { generations(first: 2, after: $after) {
      edges { node { id } } } } } }`,
    { id: long!.id, after: long!.generations.pageInfo.endCursor },
  );
  const own = generations
    .filter(({ examId }) => encodeId('KneeExam', examId!) === long!.id)
    .map(({ id }) => encodeId('Generation', id));
  expect(second.data!.node.generations.edges.map(({ node }) => node.id)).toEqual(own.slice(2, 4));
});

test.each([
  ['made up', 'bm9uc2Vuc2U', 'after is not a cursor; pass the endCursor of the page before.'],
  [
    'of another shape',
    Buffer.from('{"a":1}').toString('base64url'),
    'after is not a cursor; pass the endCursor of the page before.',
  ],
])('a cursor that is %s is refused in one sentence', async (_name, after, message) => {
  const answer = await api.ask(PAGE, { orderBy: [], first: 5, after });

  expect(answer.errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});

test('a cursor of another order is refused, and so is one whose values were exchanged', async () => {
  const page = await api.ask<{ kneeExams: Connection }>(PAGE, { orderBy: [asc('KL')], first: 5 });
  const cursor = page.data!.kneeExams.pageInfo.endCursor;
  const [fingerprint] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
  const forged = Buffer.from(JSON.stringify([fingerprint, '1; DROP TABLE visit', 'x'])).toString('base64url');

  const other = await api.ask(PAGE, { orderBy: [desc('KL')], first: 5, after: cursor });
  const exchanged = await api.ask(PAGE, { orderBy: [asc('KL')], first: 5, after: forged });

  expect(other.errors![0]!.message).toBe(
    'after is a cursor of a list in another order; pass the same orderBy that gave it.',
  );
  expect(exchanged.errors![0]!.message).toBe('after must be a whole number of 32 bits.');
});

test.each([0, -3, 201, 100_000])('first: %i is refused in one sentence', async (first) => {
  const answer = await api.ask(PAGE, { orderBy: [], first });

  expect(answer.errors).toHaveLength(1);
  expect(answer.errors![0]!.message).toBe(`first must be between 1 and 200, got ${first}.`);
});

test("a participant's exams come in order of time, the right knee first", async () => {
  const participant = await api.make.participant();
  for (const code of ['V06', 'V00', 'V03'] as const) {
    const visit = await api.make.visit(participant, { code });
    for (const side of ['LEFT', 'RIGHT'] as const) await api.make.exam(visit, { side });
  }

  const { data } = await api.ask<{
    participant: { visits: { code: string }[]; exams: { side: string; visit: { code: string } }[] };
  }>('query ($id: String!) { participant(oaiId: $id) { visits { code } exams { side visit { code } } } }', {
    id: participant.oaiId,
  });

  expect(data!.participant.visits.map(({ code }) => code)).toEqual(['V00', 'V03', 'V06']);
  expect(data!.participant.exams.map(({ side, visit }) => `${visit.code} ${side}`)).toEqual([
    'V00 RIGHT',
    'V00 LEFT',
    'V03 RIGHT',
    'V03 LEFT',
    'V06 RIGHT',
    'V06 LEFT',
  ]);
});

interface Connection {
  totalCount: number;
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const BACKWARDS = `query ($orderBy: [KneeExamOrder!], $last: Int, $before: String) {
  kneeExams(orderBy: $orderBy, last: $last, before: $before) {
    edges { node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor }
  }
}`;

const PAGE = `query ($orderBy: [KneeExamOrder!], $first: Int, $after: String) {
  kneeExams(orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function allPages(orderBy: Term[], first: number): Promise<string[]> {
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const answer: { data: { kneeExams: Connection } | null | undefined; errors: unknown } = await api.ask(PAGE, {
      orderBy,
      first,
      after,
    });
    expect(answer.errors).toBeUndefined();
    const { edges, pageInfo } = answer.data!.kneeExams;
    seen.push(...edges.map(({ node }) => node.id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
  return seen;
}

/** The ids in the order asked for: missing values last in either direction, ties by key. */
function sorted(order: Term[]): string[] {
  return [...exams]
    .sort((one, other) => {
      for (const { field, direction } of order) {
        const [a, b] = [VALUES[field]!(one), VALUES[field]!(other)];
        if (a === b) continue;
        if (a === null) return 1;
        if (b === null) return -1;
        return (a < b ? -1 : 1) * (direction === 'ASC' ? 1 : -1);
      }
      return one.exam.id - other.exam.id;
    })
    .map(({ exam }) => encodeId('KneeExam', exam.id));
}

async function makeRows({ make, dataSource }: TestServer): Promise<{ exams: Known[]; generations: Generation[] }> {
  const random = randomNumbers(5);
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)]!;
  const bundle = await make.bundle();
  const exams: Known[] = [];
  const made: Generation[] = [];
  for (let index = 0; index < 17; index++) {
    const participant = await make.participant({ sex: pick('MALE', 'FEMALE', null) });
    for (const code of ['V00', 'V06'] as const) {
      const visit = await make.visit(participant, {
        code,
        age: pick(50, 60, null),
        bmi: pick(27.3, 27.4, 31.1, null),
        date: pick('2004-02-29', '2005-01-01', null),
      });
      for (const side of ['RIGHT', 'LEFT'] as const) {
        const grades = { XRKL: pick(0, 1, 2, null), XRJSM: pick(0, 3, null) };
        const exam = await make.exam(visit, { side, grades, womacPain: pick(0, 4.5, null) });
        exams.push({ exam, visit, participant });
        if (exams.length > 6) continue;
        const film = await make.radiograph(exam);
        for (let count = 0; count < exams.length; count++) made.push(await make.generation(exam, film, bundle));
      }
    }
  }
  // Microseconds that a JavaScript Date does not see decide the order.
  for (const [index, { id }] of made.entries()) {
    const microseconds = Math.floor(index / 2);
    await dataSource.query(
      `UPDATE generation SET created_at = timestamptz '2026-01-01 00:00:00.001Z' + $2 * interval '1 microsecond' WHERE id = $1`,
      [id, microseconds],
    );
  }
  const order = (await dataSource.query('SELECT id FROM generation ORDER BY created_at DESC, id')) as { id: string }[];
  return { exams, generations: order.map(({ id }) => made.find((one) => one.id === id)!) };
}
