import { randomUUID } from 'node:crypto';
import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, Generation, type KneeExam, Note, Tag, UploadedRadiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
/** Another reader than `api.tokens.READER`. */
let other: string;

beforeAll(async () => {
  api = await startTestServer();
  other = (await createToken(api.dataSource, { name: 'second reader', role: 'READER' })).text;
});

afterAll(() => api.close());

const tagging = (what: 'addTags' | 'removeTags') => (id: string, tags: string[], token: string) =>
  api.ask<Record<string, { tags: object[] }>>(
    `mutation ($id: ID!, $tags: [String!]!) { ${what}(input: { id: $id, tags: $tags }) { tags { name createdBy canRemove } } }`,
    { id, tags },
    token,
  );
const add = tagging('addTags');
const remove = tagging('removeTags');

const write = (id: string, text: string, token: string) =>
  api.ask<{ setNote: { note: { id: string } } }>(
    'mutation ($id: ID!, $text: String!) { setNote(input: { id: $id, text: $text }) { note { id text createdBy isOwn canDelete } } }',
    { id, text },
    token,
  );

const erase = (id: string, token: string) =>
  api.ask('mutation ($id: ID!) { deleteNote(input: { id: $id }) { deletedNoteId } }', { id }, token);

const refusal = ({ errors }: { errors?: readonly { message: string; extensions?: object }[] | undefined }) =>
  errors?.map(({ message, extensions }) => [(extensions as { code: string }).code, message]);

async function makeExam(): Promise<{ row: KneeExam; id: string; oaiId: string }> {
  const participant = await api.make.participant();
  const row = await api.make.exam(await api.make.visit(participant));
  return { row, id: encodeId('KneeExam', row.id), oaiId: participant.oaiId };
}

async function makeGeneration(exam: KneeExam): Promise<string> {
  const row = await api.make.generation(exam, await api.make.radiograph(exam), await api.make.bundle());
  return encodeId('Generation', row.id);
}

const seen = async (id: string, token: string) => {
  const fields = 'tags { name } notes { text createdBy isOwn canDelete }';
  const { data } = await api.ask<{ node: unknown }>(
    `query ($id: ID!) { node(id: $id) { ... on KneeExam { ${fields} } ... on Generation { ${fields} } } }`,
    { id },
    token,
  );
  return data!.node;
};

test('an exam and a generation are tagged in lower case, once by each word, whoever means it too', async () => {
  const { row, id } = await makeExam();
  const { READER, ADMIN } = api.tokens;
  for (const subject of [id, await makeGeneration(row)]) {
    expect((await add(subject, [' To Review ', 'edge', 'edge'], READER)).data!['addTags']).toEqual({
      tags: [
        { name: 'edge', createdBy: 'reader', canRemove: true },
        { name: 'to review', createdBy: 'reader', canRemove: true },
      ],
    });
    expect((await add(subject, ['EDGE', 'mine'], other)).data!['addTags']).toEqual({
      tags: [
        { name: 'edge', createdBy: 'reader', canRemove: false },
        { name: 'mine', createdBy: 'second reader', canRemove: true },
        { name: 'to review', createdBy: 'reader', canRemove: false },
      ],
    });
    expect(refusal(await remove(subject, ['mine', 'edge'], other))).toEqual([
      ['FORBIDDEN', 'The tag "edge" is removed by whoever put it, and by administrators.'],
    ]);
    expect(await seen(subject, READER)).toMatchObject({
      tags: [{ name: 'edge' }, { name: 'mine' }, { name: 'to review' }],
    });
    expect((await remove(subject, ['mine', 'unknown'], other)).data!['removeTags']!.tags).toHaveLength(2);
    expect((await remove(subject, ['edge', 'To review'], ADMIN)).data!['removeTags']!.tags).toEqual([]);
  }
});

test('what is no tag is refused, and nothing is kept', async () => {
  const { row, id } = await makeExam();
  const { READER } = api.tokens;
  const words = (count: number) => Array.from({ length: count }, (_, index) => `tag ${index}`);
  const rule = 'A tag has 1 to 40 letters, digits, spaces and any of ._:/+-, and begins with a letter or digit;';

  expect(refusal(await add(id, ['fine', '-x'], READER))).toEqual([['BAD_USER_INPUT', `${rule} "-x" does not.`]]);
  expect(refusal(await add(id, ['a,b'], READER))).toEqual([['BAD_USER_INPUT', `${rule} "a,b" does not.`]]);
  expect(refusal(await add(id, ['x'.repeat(41)], READER))).toMatchObject([['BAD_USER_INPUT', expect.any(String)]]);
  expect(refusal(await add(id, [], READER))).toEqual([['BAD_USER_INPUT', 'tags must name 1 to 50 tags, got 0.']]);
  expect(await api.dataSource.getRepository(Tag).countBy({ examId: row.id })).toBe(0);
  expect((await add(id, words(50), READER)).errors).toBeUndefined();
  expect(refusal(await add(id, ['one more'], other))).toEqual([
    ['LIMIT_EXCEEDED', 'It would have 51 tags; at most 50 are allowed.'],
  ]);
  expect(await api.dataSource.getRepository(Tag).countBy({ examId: row.id })).toBe(50);
  expect(refusal(await add(encodeId('KneeExam', 999_999), ['x'], READER))).toEqual([
    ['NOT_FOUND', 'There is no such knee exam.'],
  ]);
  expect(refusal(await add(encodeId('Visit', 1), ['x'], READER))).toEqual([
    ['BAD_USER_INPUT', 'id must be the id of a KneeExam or a Generation.'],
  ]);
});

test('each person has one note on an exam or a generation; everybody reads it, and who wrote it and administrators delete it', async () => {
  const { row, id } = await makeExam();
  const { READER, ADMIN } = api.tokens;
  for (const subject of [id, await makeGeneration(row)]) {
    await write(subject, 'First.', READER);
    const own = (await write(subject, ' Motion in slice 12. ', READER)).data!.setNote.note;
    const theirs = (await write(subject, 'Agreed.', other)).data!.setNote.note;

    expect(own).toMatchObject({ text: 'Motion in slice 12.', createdBy: 'reader', isOwn: true, canDelete: true });
    expect(await seen(subject, other)).toMatchObject({
      notes: [
        { text: 'Motion in slice 12.', createdBy: 'reader', isOwn: false, canDelete: false },
        { text: 'Agreed.', createdBy: 'second reader', isOwn: true, canDelete: true },
      ],
    });
    expect(refusal(await erase(own.id, other))).toEqual([
      ['FORBIDDEN', 'A note is deleted by whoever wrote it, and by administrators.'],
    ]);
    expect((await erase(own.id, READER)).errors).toBeUndefined();
    expect((await erase(theirs.id, ADMIN)).errors).toBeUndefined();
    expect(refusal(await erase(own.id, READER))).toEqual([['NOT_FOUND', 'There is no such note.']]);
    expect(await seen(subject, READER)).toMatchObject({ notes: [] });
  }
  for (const text of ['  ', 'x'.repeat(4001)])
    expect(refusal(await write(id, text, READER))).toEqual([
      ['BAD_USER_INPUT', 'text must have 1 to 4000 characters; deleteNote removes a note.'],
    ]);
  const audited = await api.dataSource.getRepository(AuditEntry).findBy({ action: 'setNote' });
  expect(audited.length).toBeGreaterThan(0);
  expect(JSON.stringify(audited)).not.toContain('Motion');
});

test('exams and generations are filtered by their tags, a cohort is made of tagged exams, and the search finds the tag', async () => {
  const [one, two, three] = [await makeExam(), await makeExam(), await makeExam()];
  const { READER } = api.tokens;
  for (const { id } of [one, two]) await add(id, ['odd alignment'], READER);
  await add(two.id, ['done'], READER);
  const generation = await makeGeneration(three.row);
  await add(generation, ['odd alignment'], READER);
  const where = {
    tags: { some: { name: { eq: 'odd alignment' } }, none: { name: { eq: 'done' } } },
  };
  const { data, errors } = await api.ask(
    `query ($where: KneeExamFilter, $runs: GenerationFilter) {
      kneeExams(where: $where) { nodes { id tags { name } } }
      all: kneeExams(where: { tags: { some: { name: { contains: "ODD" } } } }) { totalCount }
      generations(where: $runs) { nodes { id } }
      search(text: "Odd al") { kind id examId title detail }
    }`,
    { where, runs: { tags: { some: { name: { in: ['odd alignment'] } } } } },
    READER,
  );

  expect(errors).toBeUndefined();
  expect(data).toEqual({
    kneeExams: { nodes: [{ id: one.id, tags: [{ name: 'odd alignment' }] }] },
    all: { totalCount: 2 },
    generations: { nodes: [{ id: generation }] },
    search: [{ kind: 'TAG', id: null, examId: null, title: 'odd alignment', detail: '2 exams' }],
  });
  const cohort = await api.ask<{ createCohort: { cohort: { exams: { nodes: object[] } } } }>(
    'mutation ($where: KneeExamFilter) { createCohort(input: { name: "Odd", kind: STATIC, filter: $where }) { cohort { exams { nodes { id } } } } }',
    { where },
    READER,
  );
  expect(cohort.data!.createCohort.cohort.exams.nodes).toEqual([{ id: one.id }]);
});

test('what was made from an upload is tagged and noted by its owner alone', async () => {
  const [mine] = await api.dataSource.query<{ id: number }[]>(`SELECT id FROM api_token WHERE name = 'reader'`);
  const uploads = api.dataSource.getRepository(UploadedRadiograph);
  const upload = await uploads.save(
    uploads.create({
      ...{ id: randomUUID(), ownerId: mine!.id, view: 'BILATERAL', laterality: null, rows: 80, columns: 100 },
      ...{ pixelSpacing: null, photometric: null, knees: [], warnings: [], assetId: (await api.make.asset()).id },
      ...{ expiresAt: new Date('2100-01-01') },
    }),
  );
  const generations = api.dataSource.getRepository(Generation);
  const { id } = await generations.save(
    generations.create({
      ...{ id: randomUUID(), uploadId: upload.id, side: 'LEFT', bundleId: (await api.make.bundle()).id },
      ...{ state: 'SUCCEEDED', sliceCount: 1, steps: 1, sampler: 'DDIM', eta: 0, seed: 0, noise: 'SHARED' },
      ...{ features: {}, featureOverrides: {} },
    }),
  );
  const subject = encodeId('Generation', id);
  const nothing = [['NOT_FOUND', 'There is no such generation.']];
  await add(subject, ['secret'], api.tokens.READER);
  const { data } = await write(subject, 'Mine.', api.tokens.READER);

  expect(refusal(await add(subject, ['x'], other))).toEqual(nothing);
  expect(refusal(await remove(subject, ['secret'], other))).toEqual(nothing);
  expect(refusal(await write(subject, 'x', other))).toEqual(nothing);
  expect(refusal(await erase(data!.setNote.note.id, other))).toEqual(nothing);
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await api.ask(node, data!.setNote.note, other)).data).toEqual({ node: null });
  const listed = await api.ask(
    '{ generations(where: { tags: { some: { name: { eq: "secret" } } } }) { totalCount } search(text: "secret") { title } }',
    {},
    other,
  );
  expect(listed.data).toEqual({ generations: { totalCount: 0 }, search: [] });
});

test('an analyst tags and notes; a token that may only count learns neither, nor counts by tags', async () => {
  const exam = await makeExam();
  const { ANALYST, SUMMARY } = api.tokens;
  expect((await add(exam.id, ['unusual'], ANALYST)).errors).toBeUndefined();
  expect((await write(exam.id, 'Looked at twice.', ANALYST)).errors).toBeUndefined();

  const codes = async (query: string) => refusal(await api.ask(query, { id: exam.id }, SUMMARY))?.map(([code]) => code);
  const tagged = '{ tags: { some: { name: { eq: "unusual" } } } }';
  expect(await codes('query ($id: ID!) { node(id: $id) { id } }')).toEqual(['FORBIDDEN']);
  expect(await codes('{ search(text: "unusual") { title } }')).toEqual(['FORBIDDEN']);
  expect(await codes(`{ kneeExams(where: ${tagged}) { totalCount } }`)).toEqual(['FORBIDDEN']);
  expect(await codes(`{ kneeExamFacets(where: ${tagged}, by: [SIDE]) { exams } }`)).toEqual(['FORBIDDEN']);
  expect(await codes(`{ generations(where: ${tagged}) { totalCount } }`)).toEqual(['FORBIDDEN']);
  expect(await codes(`{ participants(where: { exams: { some: ${tagged} } }) { totalCount } }`)).toEqual(['FORBIDDEN']);
});

test('tags and notes go with the participant who is erased, and names in others are taken out', async () => {
  const [leaver, stayer] = [await makeExam(), await makeExam()];
  const { READER } = api.tokens;
  await add(leaver.id, ['a'], READER);
  await write(leaver.id, 'About them.', READER);
  await add(await makeGeneration(leaver.row), ['b'], READER);
  await add(stayer.id, [`like ${leaver.oaiId}`], READER);
  await write(stayer.id, `Compare with ${leaver.oaiId}.`, READER);

  const { removed, rewritten } = await eraseParticipant(api, COMMAND_LINE, { oaiId: leaver.oaiId });

  expect(removed).toEqual(
    expect.arrayContaining([
      { table: 'tag', rows: 2 },
      { table: 'note', rows: 1 },
    ]),
  );
  expect(rewritten).toEqual(
    expect.arrayContaining([
      { table: 'tag', rows: 1 },
      { table: 'note', rows: 1 },
    ]),
  );
  expect(await seen(stayer.id, READER)).toMatchObject({
    tags: [{ name: 'like erased' }],
    notes: [{ text: 'Compare with erased.' }],
  });
  expect(await api.dataSource.getRepository(Note).countBy({ examId: leaver.row.id })).toBe(0);
});

test('two tags of one exam that name the participant by different names stay two when the participant is erased', async () => {
  const [leaver, stayer] = [await makeExam(), await makeExam()];
  const { barcode } = await api.make.radiograph(leaver.row);
  const { READER } = api.tokens;
  await add(stayer.id, [`like ${leaver.oaiId}`, `like ${barcode}`], READER);

  const { rewritten } = await eraseParticipant(api, COMMAND_LINE, { oaiId: leaver.oaiId });

  expect(rewritten).toEqual(expect.arrayContaining([{ table: 'tag', rows: 2 }]));
  expect(await seen(stayer.id, READER)).toMatchObject({ tags: [{ name: 'like erased' }, { name: 'like erased-2' }] });
});
