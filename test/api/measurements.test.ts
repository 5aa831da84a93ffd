import { randomUUID } from 'node:crypto';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import {
  Asset,
  AuditEntry,
  type KneeExam,
  GenerationOutput,
  Measurement,
  Radiograph,
  UploadedRadiograph,
} from '../../src/entities/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { damage } from '../helpers/work-subjects.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
/** Another reader than `api.tokens.READER`. */
let other: { id: number; text: string };

beforeAll(async () => {
  api = await startTestServer();
  const { token, text } = await createToken(api.dataSource, { name: 'second reader', role: 'READER' });
  other = { id: token.id, text };
});

afterAll(() => api.close());

interface Told {
  id: string;
  [field: string]: unknown;
}

const FIELDS =
  'id imageId imageChanged kind plane slice points { column row } value unit name note createdBy canChange exam { id side }';

const save = (input: object, token = api.tokens.READER) =>
  api.ask<{ saveMeasurement: { measurement: Told } }>(
    `mutation ($input: SaveMeasurementInput!) { saveMeasurement(input: $input) { measurement { ${FIELDS} } } }`,
    { input },
    token,
  );

const change = (input: object, token = api.tokens.READER) =>
  api.ask<{ updateMeasurement: { measurement: Told } }>(
    `mutation ($input: UpdateMeasurementInput!) { updateMeasurement(input: $input) { measurement { ${FIELDS} } } }`,
    { input },
    token,
  );

const remove = (id: string, token = api.tokens.READER) =>
  api.ask('mutation ($id: ID!) { deleteMeasurement(input: { id: $id }) { deletedMeasurementId } }', { id }, token);

async function saved(input: object, token?: string): Promise<Told> {
  const { data, errors } = await save(input, token);
  expect(errors).toBeUndefined();
  return data!.saveMeasurement.measurement;
}

const refusal = ({ errors }: { errors?: readonly { message: string; extensions?: object }[] | undefined }) =>
  errors?.map(({ message, extensions }) => [(extensions as { code: string }).code, message]);

const at = (...points: [number, number][]) => points.map(([column, row]) => ({ column, row }));

/** Both knees of a visit with a film of 100 x 80 pixels of 0.2 mm, unless told otherwise. */
async function makeFilm(
  values: Partial<Radiograph> = {},
): Promise<{ film: string; row: Radiograph; exams: KneeExam[]; oaiId: string }> {
  const { make } = api;
  const participant = await make.participant();
  const visit = await make.visit(participant);
  const exams = [await make.exam(visit, { side: 'RIGHT' }), await make.exam(visit, { side: 'LEFT' })];
  const row = await make.radiograph(visit, {
    ...{ rows: 80, columns: 100, pixelSpacing: 0.2, assetId: (await make.asset()).id },
    ...values,
  });
  return { film: encodeId('Radiograph', row.id), row, exams, oaiId: participant.oaiId };
}

/** A coronal series of 20 x 16 x 10 voxels of 0.75 x 0.5 x 1.5 mm. */
async function makeSeries(exam: KneeExam): Promise<string> {
  const size = [20, 16, 10] as const;
  const spacing = [0.75, 0.5, 1.5] as const;
  const [columns, rows, slices] = size;
  const affine = centredAffine('CORONAL', size, spacing);
  const data = new Uint16Array(columns * rows * slices);
  const volume = { columns, rows, slices, data, spacing, affine, placement: 'SCANNER' } as const;
  const { id: assetId } = await storeAsset(
    api.dataSource.manager,
    api.store,
    await encodeNifti(volume, 'For a test.'),
    'application/gzip',
  );
  const { id } = await api.make.series(exam, { assetId });
  return encodeId('MriSeries', id);
}

test('the server computes the value from the points, in mm of the film, and says whose knee it is by where they lie', async () => {
  const { film, exams } = await makeFilm();
  const [right, left] = exams.map(({ id }) => encodeId('KneeExam', id));

  // 30 columns and 40 rows of 0.2 mm.
  const length = await saved({
    imageId: film,
    kind: 'LENGTH',
    points: at([10, 10], [40, 50]),
    name: 'Notch',
    note: 'n',
  });
  expect(length).toEqual({
    ...{ id: length.id, imageId: film, imageChanged: false, kind: 'LENGTH', plane: null, slice: null },
    ...{ points: at([10, 10], [40, 50]), value: 10, unit: 'MM', name: 'Notch', note: 'n' },
    ...{ createdBy: 'reader', canChange: true, exam: { id: right, side: 'RIGHT' } },
  });
  const angle = await saved({ imageId: film, kind: 'ANGLE', points: at([60, 60], [60, 30], [90, 60]), name: 'A' });
  expect(angle).toMatchObject({ unit: 'DEGREE', exam: { id: left, side: 'LEFT' } });
  expect(angle['value']).toBeCloseTo(45, 12);
  const space = await saved({
    imageId: film,
    kind: 'JOINT_SPACE',
    points: at([30, 50], [70, 50], [40, 25]),
    name: 'J',
  });
  expect(space).toMatchObject({ value: 5, unit: 'MM', exam: null });
});

test('a film whose pixels have no size is measured in pixels', async () => {
  const { film } = await makeFilm({ pixelSpacing: null });

  expect(await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [30, 40]), name: 'L' })).toMatchObject({
    ...{ value: 50, unit: 'PIXEL' },
  });
});

test.each([
  // 4 columns of 0.75 mm and 8 rows of 0.5 mm.
  ['CORONAL', 9, [4, 8], 5],
  // 2 slices of 1.5 mm across and 8 rows of 0.5 mm down.
  ['SAGITTAL', 19, [2, 8], 5],
  // 16 columns of 0.75 mm and 6 slices of 1.5 mm.
  ['AXIAL', 15, [16, 6], 15],
] as const)(
  'a series cut along the %s plane is measured with the voxels of that plane',
  async (plane, last, to, value) => {
    const { exams } = await makeFilm();
    const imageId = await makeSeries(exams[1]!);
    const input = { imageId, kind: 'LENGTH', plane, points: at([0, 0], [...to]), name: 'L' };

    expect(await saved({ ...input, slice: last })).toMatchObject({
      ...{ plane, slice: last, value, unit: 'MM', exam: { id: encodeId('KneeExam', exams[1]!.id) } },
    });
    expect(refusal(await save({ ...input, slice: last + 1 }))).toEqual([
      ['BAD_USER_INPUT', `slice is ${last + 1}; this plane has slices 0 to ${last}.`],
    ]);
  },
);

test('a film that a generation has enlarged is measured in its smaller pixels', async () => {
  const { row, exams } = await makeFilm();
  const generation = await api.make.generation(exams[0]!, row, await api.make.bundle(), {
    ...{ state: 'SUCCEEDED', parameters: { factor: 2 } },
  });
  const made = { generationId: generation.id, kind: 'FILM', rows: 160, columns: 200 } as const;
  const repository = api.dataSource.getRepository(GenerationOutput);
  await repository.save(repository.create({ ...made, assetId: (await api.make.asset()).id }));

  const imageId = encodeId('Generation', generation.id);
  expect(await saved({ imageId, kind: 'LENGTH', points: at([0, 0], [150, 0]), name: 'L' })).toMatchObject({
    ...{ imageId, value: 15, unit: 'MM', exam: { id: encodeId('KneeExam', exams[0]!.id) } },
  });
});

test('a series whose packed volume is damaged in the store is said to be', async () => {
  const { exams } = await makeFilm();
  const imageId = await makeSeries(exams[0]!);
  const asset = await api.dataSource.getRepository(Asset).findOneByOrFail({ mediaType: 'application/gzip' });
  const restore = await damage(api, asset);

  const input = { imageId, kind: 'LENGTH', plane: 'AXIAL', slice: 0, points: at([0, 0], [4, 0]), name: 'L' };
  expect(refusal(await save(input))).toEqual([
    ['UNAVAILABLE', 'The volume of the MRI series is damaged in the blob store.'],
  ]);
  await restore();
  await saved(input);
});

test('what cannot be measured is refused in a sentence, and nothing is kept', async () => {
  const { film, exams } = await makeFilm();
  const series = await makeSeries(exams[0]!);
  const bare = await makeFilm({ assetId: null });
  const generation = await api.make.generation(
    exams[0]!,
    await makeFilm().then(({ row }) => row),
    await api.make.bundle(),
  );
  const before = await api.dataSource.getRepository(Measurement).count();
  const line = { kind: 'LENGTH', points: at([0, 0], [1, 1]), name: 'L' };

  for (const [input, code, message] of [
    [{ imageId: film, ...line, points: at([0, 0]) }, 'BAD_USER_INPUT', 'LENGTH takes 2 points, got 1.'],
    [
      { imageId: film, ...line, points: at([0, 0], [100, 1]) },
      ...['BAD_USER_INPUT', 'The point at column 100, row 1 lies outside the picture of 100 x 80 pixels.'],
    ],
    [{ imageId: film, ...line, name: '  ' }, 'BAD_USER_INPUT', 'name must have 1 to 60 characters.'],
    [{ imageId: film, ...line, name: 'x'.repeat(61) }, 'BAD_USER_INPUT', 'name must have at most 60 characters.'],
    [{ imageId: film, ...line, name: 'a\0b' }, 'BAD_USER_INPUT', 'name must have at most 60 characters.'],
    [{ imageId: film, ...line, note: 'a\0b' }, 'BAD_USER_INPUT', 'note must have at most 1000 characters.'],
    [{ imageId: film, ...line, note: 'x'.repeat(1001) }, 'BAD_USER_INPUT', 'note must have at most 1000 characters.'],
    [
      { imageId: film, ...line, plane: 'CORONAL', slice: 0 },
      ...['BAD_USER_INPUT', 'A film has no plane and no slices; leave both out.'],
    ],
    [
      { imageId: series, ...line },
      ...['BAD_USER_INPUT', 'Give the plane and the slice of the MRI series that were measured.'],
    ],
    [
      { imageId: series, ...line, plane: 'AXIAL' },
      ...['BAD_USER_INPUT', 'plane and slice are given together or not at all.'],
    ],
    [{ imageId: bare.film, ...line }, 'NOT_FOUND', 'The radiograph has no pixels here.'],
    [{ imageId: encodeId('Radiograph', 999_999), ...line }, 'NOT_FOUND', 'There is no such radiograph.'],
    [
      { imageId: encodeId('Generation', generation.id), ...line },
      ...['NOT_FOUND', 'The generation has made no film; measure its MRI series.'],
    ],
    [
      { imageId: encodeId('KneeExam', exams[0]!.id), ...line },
      ...[
        'BAD_USER_INPUT',
        'imageId must be the id of a Radiograph, an MriSeries, an UploadedRadiograph or a Generation.',
      ],
    ],
  ] as const) {
    expect(refusal(await save(input))).toEqual([[code, message]]);
  }
  expect(await api.dataSource.getRepository(Measurement).count()).toBe(before);
});

test('the same request with the same key is kept once, and another one with it is refused', async () => {
  const { film } = await makeFilm();
  const input = { imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L', clientKey: randomUUID() };
  const first = await saved(input);

  expect(await Promise.all([saved(input), saved(input)])).toEqual([first, first]);
  expect((await saved(input, other.text)).id).not.toBe(first.id);
  expect(refusal(await save({ ...input, name: 'M' }))).toEqual([
    [
      'CONFLICT',
      `The clientKey "${input.clientKey}" was used for a measurement with another name; use a new key for a new request.`,
    ],
  ]);
});

test('a client key is told to whoever used it alone, because another person may have used the same', async () => {
  const { film } = await makeFilm();
  const input = { imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L', clientKey: 'first' };
  const [own, others] = [await saved(input), await saved(input, other.text)];

  const keys = async (token: string) => {
    const { data } = await api.ask<{ node: { measurements: { nodes: object[] } } }>(
      'query ($id: ID!) { node(id: $id) { ... on Radiograph { measurements { nodes { id clientKey } } } } }',
      { id: film },
      token,
    );
    return data!.node.measurements.nodes;
  };
  expect(await keys(other.text)).toEqual([
    { id: own.id, clientKey: null },
    { id: others.id, clientKey: 'first' },
  ]);
  expect(await keys(api.tokens.ADMIN)).toEqual([
    { id: own.id, clientKey: null },
    { id: others.id, clientKey: null },
  ]);
});

test('somebody who may no longer see images is not told that they may change what they measured', async () => {
  const { film } = await makeFilm();
  const { id } = await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L' });
  await api.dataSource.query(
    `UPDATE measurement SET requested_by_id = (SELECT id FROM api_token WHERE name = 'analyst') WHERE id = $1`,
    [decodeId(id)!.key],
  );

  const { data } = await api.ask(
    'query ($id: ID!) { node(id: $id) { ... on Measurement { canChange } } }',
    { id },
    api.tokens.ANALYST,
  );

  expect(data).toEqual({ node: { canChange: false } });
});

test('everybody sees a measurement, and whoever made it and administrators change and delete it', async () => {
  const { film } = await makeFilm();
  const { id } = await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L' });
  const forbidden = [['FORBIDDEN', 'A measurement is changed and deleted by whoever made it, and by administrators.']];
  const seen = async (token: string) =>
    (
      await api.ask<{ node: Told | null }>(
        `query ($id: ID!) { node(id: $id) { ... on Measurement { name value note canChange } } }`,
        { id },
        token,
      )
    ).data!.node;

  expect(await seen(other.text)).toMatchObject({ name: 'L', value: 1, canChange: false });
  expect(refusal(await change({ id, name: 'mine' }, other.text))).toEqual(forbidden);
  expect(refusal(await remove(id, other.text))).toEqual(forbidden);
  const moved = await change({ id, name: ' Notch ', points: at([0, 0], [0, 10]) });
  expect(moved.data!.updateMeasurement.measurement).toMatchObject({ name: 'Notch', value: 2, note: '' });
  expect(refusal(await change({ id, points: at([0, 0]) }))).toEqual([
    ['BAD_USER_INPUT', 'LENGTH takes 2 points, got 1.'],
  ]);
  expect(refusal(await change({ id }))).toEqual([
    ['BAD_USER_INPUT', 'There is nothing to change; give points, a name or a note.'],
  ]);
  expect((await change({ id, note: 'by the administrator' }, api.tokens.ADMIN)).errors).toBeUndefined();
  expect(await seen(other.text)).toMatchObject({ name: 'Notch', note: 'by the administrator' });
  expect((await remove(id)).errors).toBeUndefined();
  expect(await seen(other.text)).toBeNull();
  expect(refusal(await remove(id))).toEqual([['NOT_FOUND', 'There is no such measurement.']]);
  const audited = await api.dataSource.getRepository(AuditEntry).find({ order: { id: 'ASC' } });
  const key = Buffer.from(id, 'base64url').toString().split(':')[1];
  const ofIt = audited.filter(({ action, target }) => action.endsWith('Measurement') && target === key);
  expect(ofIt.map(({ action }) => action)).toEqual([
    ...['saveMeasurement', 'updateMeasurement', 'updateMeasurement', 'deleteMeasurement'],
  ]);
  expect(JSON.stringify(ofIt)).not.toContain('Notch');
});

test('what lies on an upload is for its owner and administrators, in lists, by id and on the image', async () => {
  const [mine] = await api.dataSource.query<{ id: number }[]>(`SELECT id FROM api_token WHERE name = 'reader'`);
  const repository = api.dataSource.getRepository(UploadedRadiograph);
  const upload = await repository.save(
    repository.create({
      ...{ id: randomUUID(), ownerId: mine!.id, view: 'BILATERAL', laterality: null, rows: 80, columns: 100 },
      ...{ pixelSpacing: 0.1, photometric: null, knees: [], warnings: [], assetId: (await api.make.asset()).id },
      ...{ expiresAt: new Date('2100-01-01') },
    }),
  );
  const imageId = encodeId('UploadedRadiograph', upload.id);
  const input = { imageId, kind: 'LENGTH', points: at([0, 0], [50, 0]), name: 'Of mine' };
  const { id } = await saved(input);
  const listed = async (token: string) => {
    const { data } = await api.ask<{ measurements: { totalCount: number; nodes: Told[] } }>(
      'query ($id: ID!) { measurements(where: { upload: { eq: $id } }) { totalCount nodes { id value exam { id } } } }',
      { id: imageId },
      token,
    );
    return data!.measurements;
  };

  for (const token of [api.tokens.READER, api.tokens.ADMIN])
    expect(await listed(token)).toEqual({ totalCount: 1, nodes: [{ id, value: 5, exam: null }] });
  expect(await listed(other.text)).toEqual({ totalCount: 0, nodes: [] });
  expect(refusal(await save(input, other.text))).toEqual([['NOT_FOUND', 'There is no such uploaded radiograph.']]);
  expect(refusal(await change({ id, name: 'x' }, other.text))).toEqual([
    ['NOT_FOUND', 'There is no such measurement.'],
  ]);
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await api.ask(node, { id }, other.text)).data).toEqual({ node: null });
  const onImage =
    'query ($id: ID!) { node(id: $id) { ... on UploadedRadiograph { measurements { nodes { name } } } } }';
  expect((await api.ask(onImage, { id: imageId }, api.tokens.READER)).data).toEqual({
    node: { measurements: { nodes: [{ name: 'Of mine' }] } },
  });
  await repository.delete({ id: upload.id });
  expect((await api.ask(node, { id }, api.tokens.ADMIN)).data).toEqual({ node: null });
});

test('measurements are found by image, knee and participant, and stand on the image and the exam', async () => {
  const { film, exams, oaiId } = await makeFilm();
  const series = await makeSeries(exams[0]!);
  await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'first' });
  await saved({
    imageId: series,
    kind: 'LENGTH',
    plane: 'CORONAL',
    slice: 3,
    points: at([0, 0], [4, 0]),
    name: 'second',
  });
  const { data } = await api.ask(
    `query ($oaiId: String!, $exam: ID!, $film: ID!, $series: ID!) {
      all: measurements(where: { exam: { participant: { oaiId: { eq: $oaiId } } } }) { nodes { name } }
      some: measurements(where: { or: [{ radiograph: { in: [$film] } }, { series: { eq: $series }, value: { gt: 100 } }] }) { nodes { name } }
      exam: node(id: $exam) { ... on KneeExam { measurements { totalCount nodes { name } } } }
      film: node(id: $film) { ... on Radiograph { measurements(first: 1) { nodes { name } } } }
      series: node(id: $series) { ... on MriSeries { measurements { nodes { name } } } }
    }`,
    { oaiId, exam: encodeId('KneeExam', exams[0]!.id), film, series },
    api.tokens.READER,
  );

  const names = (...list: string[]) => list.map((name) => ({ name }));
  expect(data).toEqual({
    all: { nodes: names('first', 'second') },
    some: { nodes: names('first') },
    exam: { measurements: { totalCount: 2, nodes: names('first', 'second') } },
    film: { measurements: { nodes: names('first') } },
    series: { measurements: { nodes: names('second') } },
  });
});

test('200 measurements of one person on one image are enough', async () => {
  const { film, row } = await makeFilm();
  const [mine] = await api.dataSource.query<{ id: number }[]>(`SELECT id FROM api_token WHERE name = 'reader'`);
  await api.dataSource.query(
    `INSERT INTO measurement (radiograph_id, kind, points, value, unit, name, image_sha256, requested_by_id)
     SELECT $1, 'LENGTH', '[[0,0],[1,0]]', 0.2, 'MM', 'x', 'x', $2 FROM generate_series(1, 200)`,
    [row.id, mine!.id],
  );
  const input = { imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'one more' };

  expect(refusal(await save(input))).toEqual([
    ['LIMIT_EXCEEDED', 'You have 200 measurements on this image, which is as many as are allowed; delete one first.'],
  ]);
  await saved(input, other.text);
});

test('half of a character is kept as the sign of one that is lost, with a key and without', async () => {
  const { film } = await makeFilm();
  const input = { imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L\ud83e', note: '\udd14' };
  const kept = await saved({ ...input, clientKey: randomUUID() });
  expect(kept).toMatchObject({ name: 'L\ufffd', note: '\ufffd' });
  expect(await saved({ ...input, clientKey: 'half \ud83e' })).toMatchObject({ name: 'L\ufffd' });
});

test('a measurement says when its image was replaced since', async () => {
  const { film, row } = await makeFilm();
  const { id } = await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: 'L' });
  await api.dataSource.getRepository(Radiograph).update(row.id, { assetId: (await api.make.asset()).id });

  const { data } = await api.ask('query ($id: ID!) { node(id: $id) { ... on Measurement { imageChanged } } }', { id });
  expect(data).toEqual({ node: { imageChanged: true } });
  expect((await change({ id, points: at([0, 0], [6, 0]) })).data!.updateMeasurement.measurement).toMatchObject({
    imageChanged: false,
  });
});

test('a participant who is erased takes along what was measured on their images', async () => {
  const { film, exams, oaiId } = await makeFilm();
  const stays = await makeFilm();
  await saved({ imageId: film, kind: 'LENGTH', points: at([0, 0], [99, 0]), name: `both knees of ${oaiId}` });
  await saved({
    ...{ imageId: await makeSeries(exams[0]!), kind: 'LENGTH', plane: 'AXIAL', slice: 0 },
    ...{ points: at([0, 0], [4, 0]), name: 'x', clientKey: 'k' },
  });
  const { id } = await saved({ imageId: stays.film, kind: 'LENGTH', points: at([0, 0], [5, 0]), name: `not ${oaiId}` });

  const { removed, rewritten } = await eraseParticipant(api, COMMAND_LINE, { oaiId });
  expect(removed).toContainEqual({ table: 'measurement', rows: 2 });
  expect(rewritten).toContainEqual({ table: 'measurement', rows: 1 });
  const { data } = await api.ask('query ($id: ID!) { node(id: $id) { ... on Measurement { name } } }', { id });
  expect(data).toEqual({ node: { name: 'not erased' } });
});
