import { randomUUID } from 'node:crypto';
import { encodeId } from '../../src/domain/global-ids.js';
import { ApiToken, Asset, Evaluation, Export, GenerationOutput, ReaderStudy } from '../../src/entities/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

const log = new StatementLog();
let api: TestServer;

async function save<T extends object>(entity: new () => T, values: object): Promise<T> {
  const repository = api.dataSource.getRepository(entity);
  return repository.save(repository.create(values as never)) as unknown as Promise<T>;
}

/** Two volumes of three and two slices, and a restored film with a picture beside it; work of each kind in several states. */
beforeAll(async () => {
  api = await startTestServer({ logger: log });
  const { make } = api;
  const bundle = await make.bundle();
  const visit = await make.visit(await make.participant());
  const film = await make.radiograph(visit);
  const exam = await make.exam(visit);
  const file = await save(Asset, { sha256: 'a'.repeat(64), mediaType: 'image/png', bytes: 1, storageKey: 'slice' });
  for (const [seed, scores] of [
    [1, [20, 30, null]],
    [2, [25, 31]],
  ] as const) {
    const values = { state: 'SUCCEEDED', seed } as const;
    const generation = await make.generation(exam, film, bundle, values);
    for (const [index, psnr] of scores.entries()) {
      await make.slice(generation, file, { index, depth: index / 2, psnr });
    }
    for (const [kind, rows] of [
      ['FILM', 100 * seed],
      ['VOLUME', null],
    ] as const) {
      await save(GenerationOutput, { generationId: generation.id, kind, rows, columns: rows, assetId: file.id });
    }
  }
  const reader = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'reader' });
  const admin = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'admin' });
  for (const [state, format, requestedById] of [
    ['SUCCEEDED', 'CSV', reader.id],
    ['FAILED', 'PARQUET', reader.id],
    ['SUCCEEDED', 'PARQUET', admin.id],
  ] as const) {
    await save(Export, { state, format, requestedById, columns: [], rows: 7 });
  }
  const evaluations: Evaluation[] = [];
  for (const [name, state, comparisonKey, examCount] of [
    ['small', 'SUCCEEDED', 'same', 3],
    ['large', 'SUCCEEDED', 'same', 300],
    ['broken', 'FAILED', 'other', 300],
  ] as const) {
    const counts = { participantCount: 3, phantomCount: 0, withoutMri: 0, withoutRadiograph: 0 };
    evaluations.push(
      await save(Evaluation, {
        ...{ id: randomUUID(), key: name, arms: [], settings: {}, ...counts },
        ...{ name, state, comparisonKey, examCount },
      }),
    );
  }
  for (const [name, state, unit, of] of [
    ['drawn', 'RUNNING', 'SLICE', 0],
    ['asked for', 'QUEUED', 'VOLUME', 0],
    ['read', 'OPEN', 'SLICE', 1],
  ] as const) {
    const evaluationId = evaluations[of]!.id;
    // The server takes up what waits or has fallen silent: these do neither.
    const untouched = { notBefore: new Date('2100-01-01'), heartbeatAt: new Date('2100-01-01') };
    const study = { id: randomUUID(), name, state, unit, evaluationId, seed: 0, pairCount: 1 };
    await save(ReaderStudy, { ...study, ...untouched });
  }
  // From now on the tokens are known, and cost no statement.
  await api.ask('{ viewer { name } }');
});

afterAll(() => api.close());

test('slices and files of generations take a filter, and keep their order', async () => {
  const { data, errors } = await api.ask(`{ generations(where: { state: { eq: SUCCEEDED } }) { nodes { seed
    good: slices(where: { psnr: { gte: 25 } }) { index psnr }
    unscored: slices(where: { psnr: { isNull: true } }) { index }
    rest: slices(where: { not: { depth: { gt: 0 } } }) { index }
    all: slices(where: {}) { index }
    volumes: outputs(where: { kind: { eq: VOLUME } }) { kind rows }
    large: outputs(where: { rows: { gt: 100 } }) { kind rows }
  } } }`);

  expect(errors).toBeUndefined();
  const volume = { kind: 'VOLUME', rows: null };
  const { nodes } = data!['generations'] as { nodes: { seed: number }[] };
  expect(nodes.sort((a, b) => a.seed - b.seed)).toEqual([
    {
      seed: 1,
      good: [{ index: 1, psnr: 30 }],
      unscored: [{ index: 2 }],
      rest: [{ index: 0 }],
      all: [{ index: 0 }, { index: 1 }, { index: 2 }],
      volumes: [volume],
      large: [],
    },
    {
      seed: 2,
      good: [
        { index: 0, psnr: 25 },
        { index: 1, psnr: 31 },
      ],
      unscored: [],
      rest: [{ index: 0 }],
      all: [{ index: 0 }, { index: 1 }],
      volumes: [volume],
      large: [{ kind: 'FILM', rows: 200 }],
    },
  ]);
});

test('filtered slices of two generations take one statement, as those of one do', async () => {
  const statements = async (first: number) => {
    log.clear();
    const query =
      'query ($first: Int) { generations(first: $first) { nodes { slices(where: { psnr: { gte: 25 } }) { index } } } }';
    const { errors } = await api.ask(query, { first });
    expect(errors).toBeUndefined();
    return log.statements.length;
  };

  expect([await statements(1), await statements(2)]).toEqual([2, 2]);
});

test('a filter of slices counts in the cost of the operation', async () => {
  const query = (list: string) => `{ generations(first: 200) { nodes { a: ${list} b: ${list} c: ${list} } } }`;
  const plain = await api.ask(query('slices { index }'));
  const filtered = await api.ask(query('slices(where: { psnr: { gte: 25 } }) { index }'));

  expect(plain.errors).toBeUndefined();
  expect(filtered.errors![0]!.extensions.code).toBe('LIMIT_EXCEEDED');
});

test.each([
  ['state', '{ state: { eq: SUCCEEDED } }', ['CSV', 'PARQUET']],
  ['format', '{ format: { eq: PARQUET }, rows: { gt: 6 } }', ['PARQUET', 'PARQUET']],
  [
    'time',
    '{ createdAt: { gt: "2000-01-01T00:00:00Z" }, finishedAt: { isNull: true }, expiresAt: { isNull: true } }',
    3,
  ],
  ['complement', '{ not: { state: { eq: SUCCEEDED } } }', ['PARQUET']],
  ['nothing at all', '{}', 3],
])('exports are selected by %s', async (_, where, expected) => {
  const { data, errors } = await api.ask(`{ exports(where: ${where}) { totalCount nodes { format } } }`);

  expect(errors).toBeUndefined();
  const { totalCount, nodes } = data!['exports'] as { totalCount: number; nodes: { format: string }[] };
  const formats = nodes.map(({ format }) => format).sort();
  expect(typeof expected === 'number' ? totalCount : formats).toEqual(expected);
  expect(nodes).toHaveLength(totalCount);
});

test("no filter shows a reader somebody else's exports", async () => {
  const query = `{ all: exports(where: {}) { totalCount }
    either: exports(where: { or: [{ state: { eq: SUCCEEDED } }, { state: { eq: FAILED } }] }) { totalCount nodes { format } }
    parquet: exports(where: { format: { eq: PARQUET } }) { totalCount } }`;
  const { data } = await api.ask(query, {}, api.tokens.READER);

  expect(data).toEqual({
    all: { totalCount: 2 },
    either: { totalCount: 2, nodes: expect.arrayContaining([{ format: 'CSV' }, { format: 'PARQUET' }]) as unknown },
    parquet: { totalCount: 1 },
  });
});

test.each([
  ['{ name: { contains: "L" } }', ['large', 'small']],
  ['{ state: { in: [FAILED, CANCELED] } }', ['broken']],
  ['{ examCount: { gte: 300 }, participantCount: { eq: 3 } }', ['broken', 'large']],
  ['{ comparisonKey: { ne: "same" } }', ['broken']],
  ['{ finishedAt: { isNull: false } }', []],
])('evaluations are selected by %s', async (where, names) => {
  const { data, errors } = await api.ask(`{ evaluations(where: ${where}) { totalCount nodes { name } } }`);

  expect(errors).toBeUndefined();
  const { totalCount, nodes } = data!['evaluations'] as { totalCount: number; nodes: { name: string }[] };
  expect(nodes.map(({ name }) => name).sort()).toEqual(names);
  expect(totalCount).toBe(names.length);
});

test('evaluations that can stand side by side are filtered too', async () => {
  const { data } = await api.ask(
    `{ evaluations(comparisonKey: "same", where: { examCount: { lt: 10 } }) { totalCount nodes { name } } }`,
  );

  expect(data!['evaluations']).toEqual({ totalCount: 1, nodes: [{ name: 'small' }] });
});

test('reader studies are selected by what readers are told of them', async () => {
  const [small] = await api.dataSource.getRepository(Evaluation).findBy({ name: 'small' });
  const query = `query ($evaluation: ID!) {
    preparing: readerStudies(where: { state: { eq: PREPARING } }) { totalCount }
    open: readerStudies(where: { state: { ne: PREPARING } }) { totalCount nodes { name state } }
    volumes: readerStudies(where: { unit: { eq: VOLUME }, name: { contains: "asked" } }) { nodes { name } }
    ofOne: readerStudies(where: { evaluation: { eq: $evaluation } }) { totalCount }
  }`;
  const { data, errors } = await api.ask(query, { evaluation: encodeId('Evaluation', small!.id) });

  expect(errors).toBeUndefined();
  expect(data).toEqual({
    preparing: { totalCount: 2 },
    open: { totalCount: 1, nodes: [{ name: 'read', state: 'OPEN' }] },
    volumes: { nodes: [{ name: 'asked for' }] },
    ofOne: { totalCount: 2 },
  });
});

test.each([
  ['exports(where: { state: {} })', 'where.state is empty; leave it out.'],
  ['exports(where: { rows: { eq: null } })', 'where.rows.eq is null; use isNull.'],
  ['exports(where: { or: [{}] })', 'where.or[0] is empty; leave it out.'],
  ['evaluations(where: { name: { eq: null } })', 'where.name.eq is null; use isNull.'],
  ['evaluations(where: { id: { eq: "nobody" } })', 'where.id.eq must be the id of an Evaluation.'],
  ['readerStudies(where: { evaluation: {} })', 'where.evaluation is empty; leave it out.'],
])('%s is refused', async (list, message) => {
  const { errors } = await api.ask(`{ ${list} { totalCount } }`);

  expect(errors![0]!.message).toBe(message);
});

test.each([
  ['slices(where: { psnr: {} }) { index }', 'where.psnr is empty; leave it out, or use isNull.'],
  ['outputs(where: { rows: { gt: null } }) { index }', 'where.rows.gt is null; use isNull.'],
])('%s of a generation is refused', async (list, message) => {
  const { errors } = await api.ask(`{ generations(first: 1) { nodes { ${list} } } }`);

  expect(errors![0]!.message).toBe(message);
});
