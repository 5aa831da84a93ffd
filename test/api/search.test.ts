import { encodeId } from '../../src/domain/global-ids.js';
import { createCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const participant = await make.participant({ oaiId: '9004321' });
  await make.participant({ oaiId: '9009999' });
  const visit = await make.visit(participant, { code: 'V00' });
  const exam = await make.exam(visit, { side: 'RIGHT' });
  const film = await make.radiograph(visit, { barcode: '001661021401', view: 'Bilateral PA' });
  const series = await make.series(exam, { barcode: '016610214022', sequence: 'SAG_3D_DESS_RIGHT' });
  const bundle = await make.bundle();
  const batch = await make.batch(bundle, { name: 'Knees of 100%' });
  const generation = await make.generation(exam, film, bundle, { clientKey: 'night-run-7', state: 'SUCCEEDED' });
  ids['participant'] = encodeId('Participant', participant.id);
  ids['exam'] = encodeId('KneeExam', exam.id);
  ids['film'] = encodeId('Radiograph', film.id);
  ids['series'] = encodeId('MriSeries', series.id);
  ids['batch'] = encodeId('Batch', batch.id);
  ids['generation'] = encodeId('Generation', generation.id);
  ids['cohort'] = (await createCohort(api, { name: 'Knees of women', filter: {}, visibility: 'READERS' })).id;
  ids['private'] = (await createCohort(api, { name: 'Knees of mine', filter: {} })).id;
});

afterAll(() => api.close());

const QUERY =
  'query ($text: String!, $first: Int! = 5) { search(text: $text, first: $first) { kind id examId title detail } }';

interface Hit {
  kind: string;
  id: string | null;
}

const search = async (text: string, token?: string) => {
  const { data, errors } = await api.ask<{ search: Hit[] }>(QUERY, { text }, token);
  expect(errors).toBeUndefined();
  return data!.search;
};

test('participants, films and series are found by the beginning of an id or a barcode, with an exam that shows them', async () => {
  expect(await search('90043')).toEqual([
    { kind: 'PARTICIPANT', id: ids['participant'], examId: ids['exam'], title: '9004321', detail: null },
  ]);
  expect(await search(' 0016610 ')).toEqual([
    { kind: 'RADIOGRAPH', id: ids['film'], examId: ids['exam'], title: '001661021401', detail: 'Bilateral PA' },
  ]);
  expect(await search('016610214022')).toEqual([
    { kind: 'MRI_SERIES', id: ids['series'], examId: ids['exam'], title: '016610214022', detail: 'SAG_3D_DESS_RIGHT' },
  ]);
});

test('cohorts and batches are found by their names, generations by their keys, variables by their words', async () => {
  const names = (await search('knees OF')).filter(({ id }) => id !== null);

  expect(names.map(({ kind, id }) => [kind, id])).toEqual([
    ['COHORT', ids['private']],
    ['COHORT', ids['cohort']],
    ['BATCH', ids['batch']],
  ]);
  expect(await search('100%')).toMatchObject([{ kind: 'BATCH', title: 'Knees of 100%', detail: 'succeeded' }]);
  expect(await search('night')).toMatchObject([{ kind: 'GENERATION', id: ids['generation'], title: 'night-run-7' }]);
  expect(await search('womac pain')).toContainEqual({
    ...{ kind: 'VARIABLE', id: null, examId: null, title: 'womacPain' },
    detail: expect.stringContaining('WOMAC') as string,
  });
});

test('a cohort of somebody else is not found unless it is shared with every reader', async () => {
  const found = await search('knees of', api.tokens.READER);

  expect(found.flatMap(({ id }) => id ?? [])).toEqual([ids['cohort'], ids['batch']]);
});

test.each(['', '   ', '%', 'nothing-of-this'])('the text %j finds nothing that it does not name', async (text) => {
  expect((await search(text)).filter((hit) => !JSON.stringify(hit).includes('%'))).toEqual([]);
});

test('how many hits there are of each kind is bounded', async () => {
  const one = await api.ask<{ search: { title: string }[] }>(QUERY, { text: '900', first: 1 });
  const many = await api.ask(QUERY, { text: '900', first: 201 });

  expect(one.data!.search.filter(({ title }) => title.startsWith('900'))).toHaveLength(1);
  expect(many.errors![0]).toMatchObject({
    message: 'first must be between 1 and 200, got 201.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
});
