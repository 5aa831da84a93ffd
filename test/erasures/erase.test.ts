import { createHmac } from 'node:crypto';
import { Like } from 'typeorm';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, Participant } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { audit } from '../../src/services/access/index.js';
import { sealAudit } from '../../src/services/audit/index.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { addImages, importRelease } from '../../src/services/imports/index.js';
import { dumped, hunt } from '../helpers/hunt.js';
import { maskFile, uploadMask } from '../helpers/masks.js';
import { filmFile, ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { BARCODES, DAY, filterOf, known, LEAVER, makeEverything, STAYER } from '../helpers/withdrawing.js';

let api: TestServer;
let release: ReleaseFolder;
let all: Awaited<ReturnType<typeof makeEverything>>;
/** Whatever the leaver may be known by. */
let words: string[];

const ERASE = `mutation ($oaiId: String!, $dryRun: Boolean) {
  eraseParticipant(input: { oaiId: $oaiId, dryRun: $dryRun }) {
    erasure {
      id at dryRun removed { table rows } rewritten { table rows } expiredExports restartedExports files { count bytes digests }
    }
  }
}`;

interface Told {
  id: string | null;
  at: string;
  dryRun: boolean;
  removed: { table: string; rows: number }[];
  rewritten: { table: string; rows: number }[];
  expiredExports: number;
  files: { count: number; bytes: number; digests: string[] };
}

beforeEach(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
  all = await makeEverything(api, release);
  const { film, series } = all.leaver;
  words = [LEAVER, ...BARCODES, DAY, '20040711', film.contentSha256!, series.contentSha256!, film.sopInstanceUid!];
});

afterEach(async () => {
  await api.close();
  await release.remove();
});

const erase = (oaiId: string, dryRun = false, token?: string) =>
  api.ask<{ eraseParticipant: { erasure: Told } }>(ERASE, { oaiId, dryRun }, token);

async function erased(dryRun = false): Promise<Told> {
  const { data, errors } = await erase(LEAVER, dryRun);
  expect(errors).toBeUndefined();
  return data!.eraseParticipant.erasure;
}

/** What people left behind: cohorts, an export with its file, downloads, and who did that. @returns addresses of files, and whose */
async function leaveTraces(): Promise<{ leavers: string[]; stayers: string[]; exported: string }> {
  const filter = filterOf([LEAVER, STAYER]);
  const cohort = { name: 'Both', visibility: 'READERS' as const, filter };
  const description = `Without ${LEAVER}, later.`;
  await createCohort(api.dataSource, COMMAND_LINE, { ...cohort, kind: 'STATIC', description });
  await createCohort(api.dataSource, COMMAND_LINE, { ...cohort, kind: 'DYNAMIC' });
  const asked = await api.ask<{ exportCohort: { export: { id: string } } }>(
    'mutation ($where: KneeExamFilter) { exportCohort(input: { format: CSV, where: $where }) { export { id } } }',
    { where: filter },
  );
  const { id } = asked.data!.exportCohort.export;
  let file: { url: string } | null = null;
  while (file === null) {
    const query = 'query ($id: ID!) { export(id: $id) { file { url } } }';
    file = (await api.ask<{ export: { file: { url: string } | null } }>(query, { id })).data!.export.file;
  }
  const [leavers, stayers] = [await addressesOf(LEAVER), await addressesOf(STAYER)];
  const exported = api.url + file.url;
  for (const address of [...leavers, ...stayers, exported]) expect((await fetch(address)).status).toBe(200);
  return { leavers, stayers, exported };
}

/** Signed addresses of a film, an MRI series, its DICOM files, and a generated volume. */
async function addressesOf(oaiId: string): Promise<string[]> {
  interface Exam {
    radiograph: { image: { url: string } };
    mriSeries: { volume: { url: string }; dicom: { url: string } }[];
    made: { volume: { url: string } }[];
  }
  const { data } = await api.ask<{ kneeExams: { nodes: Exam[] } }>(
    `query ($where: KneeExamFilter) { kneeExams(where: $where) { nodes {
       radiograph { image { url } } mriSeries { volume { url } dicom { url } } made: mriSeries(synthetic: true) { volume { url } }
     } } }`,
    { where: filterOf([oaiId]) },
  );
  return data!.kneeExams.nodes
    .flatMap(({ radiograph, mriSeries, made }) => [
      radiograph.image.url,
      ...mriSeries.flatMap(({ volume, dicom }) => [volume.url, dicom.url]),
      ...made.map(({ volume }) => volume.url),
    ])
    .map((url) => api.url + url);
}

const rowsOf = (counts: Told['removed'], table: string) => counts.find((one) => one.table === table)?.rows;

/** Rows of a table that mean a film of the stayer's, the batch and so on, to see what is left. */
async function only<T>(statement: string, values: unknown[] = []): Promise<T> {
  const [row] = await api.dataSource.query<T[]>(statement, values);
  return row!;
}

test('nothing of the participant is left in any table, file or log line, and what is of others stays', async () => {
  const { leavers, stayers, exported } = await leaveTraces();
  const places = new Set((await hunt(api, words)).map((hit) => hit.split(' ')[0]));
  expect([...places]).toEqual(
    expect.arrayContaining([
      ...['participant', 'radiograph', 'asset', 'audit_entry', 'batch', 'blob', 'cohort_version'],
      ...['evaluation', 'evaluation_exam', 'export'],
    ]),
  );

  const certificate = await erased();

  expect(await hunt(api, words)).toEqual([]);
  for (const address of [...leavers, exported])
    expect([address, (await fetch(address)).status]).toEqual([address, 404]);
  for (const address of stayers) expect((await fetch(address)).status).toBe(200);
  expect((await api.ask(`{ participant(oaiId: "${LEAVER}") { id } }`)).data).toEqual({ participant: null });
  expect(await known(api.dataSource, STAYER)).toMatchObject({ exam: { id: all.stayer.exam.id } });
  expect(certificate).toMatchObject({ dryRun: false, expiredExports: 1, files: { digests: expect.any(Array) } });
  // A film and a series, each with the objects that it came as, a generated volume, a slice, a frame, a difference with its picture, two pictures of the reader study, the
  // table of the evaluation and the export with both people.
  expect(certificate.files.count).toBe(13);
  expect(new Set(certificate.files.digests).size).toBe(13);
  expect(Object.fromEntries(certificate.removed.map(({ table, rows }) => [table, rows]))).toMatchObject({
    ...{ participant: 1, visit: 1, knee_exam: 2, reading: 1, radiograph: 1, mri_series: 2, generation: 2 },
    ...{ generation_slice: 1, generation_output: 1, generation_difference: 1, radiograph_reading: 1 },
    ...{ batch_member: 2, cohort_member: 2, evaluation_exam: 1, evaluation_score: 1, evaluation_file: 1 },
    ...{ reader_study_pair: 1, reader_trial: 1, asset: 13, audit_key: 1, original_object: 2 },
  });
});

test('a mask that a series of the participant was filled in by goes with its file, whoever brought it; those of others stay', async () => {
  const mask = (rows: number) =>
    maskFile({ size: [6, rows, 4], affine: null, hidden: (column, _row, slice) => column === 2 && slice === 1 });
  const brought = async (rows: number) => {
    const { body } = await uploadMask(api.url, api.tokens.OPERATOR, mask(rows));
    const { key } = decodeId(body.id)!;
    return { url: api.url + body.volume.url, id: key };
  };
  const [leavers, stayers, unused] = [await brought(5), await brought(6), await brought(7)];
  for (const [{ exam }, { id }] of [
    [all.leaver, leavers],
    [all.stayer, stayers],
  ] as const) {
    await api.dataSource.query(
      `INSERT INTO generation_output (generation_id, kind, index, asset_id)
       SELECT g.id, 'MASK', 0, m.asset_id FROM generation g, uploaded_mask m WHERE g.exam_id = $1 AND g.state = 'SUCCEEDED' AND m.id = $2`,
      [exam.id, id],
    );
  }

  const { removed } = await erased();

  expect(rowsOf(removed, 'uploaded_mask')).toBe(1);
  const statuses = await Promise.all([leavers, stayers, unused].map(async ({ url }) => (await fetch(url)).status));
  expect(statuses).toEqual([404, 200, 200]);
  const left = await api.dataSource.query<{ id: string }[]>('SELECT id FROM uploaded_mask');
  expect(left.map(({ id }) => id).sort()).toEqual([stayers.id, unused.id].sort());
});

test('batches, reader studies and evaluations go on without the participant', async () => {
  const { batchId, studyId, sessionId, evaluationId, stayer } = all;

  await erased();

  expect(await only('SELECT state, succeeded, waiting, message FROM batch WHERE id = $1', [batchId])).toEqual({
    ...{ state: 'RUNNING', succeeded: 1, waiting: 1, message: 'erased goes first.' },
  });
  expect(await only('SELECT pair_count FROM reader_study WHERE id = $1', [studyId])).toEqual({ pair_count: 1 });
  const session = await only<{ finished_at: Date | null }>('SELECT finished_at FROM reader_session WHERE id = $1', [
    sessionId,
  ]);
  expect(session.finished_at).toBeInstanceOf(Date);
  const another = await api.ask<{ startReaderSession: { readerSession: { total: number } } }>(
    'mutation ($id: ID!) { startReaderSession(input: { studyId: $id }) { session { total } } }',
    { id: encodeId('ReaderStudy', studyId) },
  );
  expect(another.data).toEqual({ startReaderSession: { session: { total: 1 } } });
  expect(await only('SELECT results, report FROM evaluation WHERE id = $1', [evaluationId])).toEqual({
    results: {
      summaries: [{ arm: 0, metric: 'PSNR', median: 20.5, outliers: [] }],
      failures: [{ arm: 0, exam: 'erased V00 RIGHT', error: 'It failed.' }],
    },
    report: null,
  });
  const lines = await api.dataSource.query<{ payload: object }[]>('SELECT payload FROM evaluation_event ORDER BY seq');
  expect(lines.map(({ payload }) => payload)).toMatchObject([
    { examId: 0, generationId: null, psnr: null, error: 'The participant was erased.' },
    { examId: stayer.exam.id, psnr: 21 },
  ]);
});

test("the log of a batch does not say any more which generations were the participant's", async () => {
  const made = await api.dataSource.query<{ id: string; exam_id: number }[]>(
    `SELECT id, exam_id FROM generation WHERE state = 'SUCCEEDED'`,
  );
  for (const [at, { id }] of made.entries()) {
    const payload = JSON.stringify({ generationId: id, outcome: 'SUCCEEDED', error: null, counters: {} });
    await api.dataSource.query(
      `INSERT INTO batch_event (batch_id, seq, type, payload) VALUES ($1, $2, 'GENERATION_FINISHED', $3)`,
      [all.batchId, at + 1, payload],
    );
  }

  const { rewritten } = await erased();

  expect(rewritten).toContainEqual({ table: 'batch_event', rows: 1 });
  const [left, gone] = [all.stayer, all.leaver].map(({ exam }) => made.find((one) => one.exam_id === exam.id)!.id);
  expect(await hunt(api, [gone!])).toEqual([]);
  expect(await hunt(api, [left!])).toContain(`batch_event ${left}`);
});

test('a batch of which only the participant was left to be made is over', async () => {
  const { batchId, stayer } = all;
  await api.dataSource.query(`UPDATE generation SET state = 'SUCCEEDED' WHERE exam_id = $1`, [stayer.exam.id]);
  await api.dataSource.query('UPDATE batch SET succeeded = 3, waiting = 1 WHERE id = $1', [batchId]);

  await erased();

  expect(await only('SELECT state, succeeded, waiting FROM batch WHERE id = $1', [batchId])).toEqual({
    ...{ state: 'SUCCEEDED', succeeded: 2, waiting: 0 },
  });
});

test('a dry run tells the same and changes nothing', async () => {
  await leaveTraces();
  // What the running server does by itself within seconds.
  await sealAudit(api.dataSource);
  const before = await dumped(api.dataSource);

  const told = await erased(true);

  expect(await dumped(api.dataSource)).toEqual(before);
  expect(told).toMatchObject({ id: null, dryRun: true });
  const { removed, rewritten, expiredExports, files } = await erased();
  expect(told).toMatchObject({ removed, rewritten, expiredExports, files: { ...files, digests: [] } });
});

test('an id that touches a letter or an underscore is a pseudonym in the audit, and erased everywhere', async () => {
  const cohort = { kind: 'DYNAMIC', visibility: 'READERS', filter: filterOf([STAYER]) } as const;
  const description = `P${LEAVER} is left out.\nSee file_${LEAVER}b.`;
  await createCohort(api.dataSource, COMMAND_LINE, { ...cohort, name: `${LEAVER}_controls`, description });
  await createCohort(api.dataSource, COMMAND_LINE, { ...cohort, name: `1${LEAVER} lines`, description: null });
  const named = () =>
    api.dataSource.query<object[]>(
      `SELECT detail ->> 'name' AS name FROM audit_entry WHERE action = 'createCohort' ORDER BY id`,
    );
  const digest = { sha256: `${'ab'.repeat(16)}c${LEAVER}d${'ef'.repeat(11)}a` };
  await audit(api.dataSource, { tokenId: null, action: 'asset.download', target: digest.sha256, detail: digest });
  expect(await named()).toEqual([
    { name: expect.stringMatching(/^participant:[0-9a-f]{16}_controls$/) as string },
    { name: `1${LEAVER} lines` },
  ]);

  await erased();

  expect(
    await api.dataSource.query('SELECT name, description FROM cohort WHERE name ~ $1 ORDER BY name', [
      'controls|lines',
    ]),
  ).toEqual([
    { name: `1${LEAVER} lines`, description: '' },
    { name: 'erased_controls', description: 'Perased is left out.\nSee file_erasedb.' },
  ]);
  expect(await api.dataSource.manager.findBy(AuditEntry, { target: digest.sha256 })).toMatchObject([
    { detail: digest },
  ]);
});

test('a value of a variable that only the participant had is gone, and so is what waits in quarantine', async () => {
  const { dataSource } = api;
  const id = async (oaiId: string) => (await dataSource.getRepository(Participant).findOneByOrFail({ oaiId })).id;
  const [leaver, stayer] = [await id(LEAVER), await id(STAYER)];
  await dataSource.query(`INSERT INTO variable (name, owner, kind) VALUES ('NOTE', 'participant', 'TEXT')`);
  await dataSource.query(
    `INSERT INTO variable_level (variable_id, code, text)
     SELECT id, code, text FROM variable, (VALUES (1, 'only the leaver'), (2, 'both')) l(code, text)`,
  );
  // Both of them have 2 in one reading, the leaver alone has 1 in the other; both lie in block 0.
  const cells = (codes: Record<number, number>) => Array.from({ length: 256 }, (_, place) => codes[place] ?? 0);
  for (const [reading, codes] of [
    ['', cells({ [leaver]: 2, [stayer]: 2 })],
    ['15', cells({ [leaver]: 1 })],
  ] as const) {
    await dataSource.query(
      `INSERT INTO variable_block (variable_id, reading, block, codes, sources) SELECT id, $1, 0, $2, '{1}' FROM variable`,
      [reading, codes],
    );
  }
  await dataSource.query(
    `INSERT INTO quarantined_image (kind, content_sha256, oai_id, visit, file, contradiction)
     VALUES ('RADIOGRAPH', 'x', $1, 'V00', '00m/' || $1, 'it is a lateral view')`,
    [LEAVER],
  );

  const told = await erased();

  expect([rowsOf(told.removed, 'variable_level'), rowsOf(told.removed, 'quarantined_image')]).toEqual([1, 1]);
  expect(rowsOf(told.rewritten, 'variable_block')).toBe(2);
  expect(await dataSource.query('SELECT text FROM variable_level')).toEqual([{ text: 'both' }]);
  expect(await only('SELECT sum(code)::integer AS left FROM variable_block, unnest(codes) code')).toEqual({ left: 2 });
  expect(await only('SELECT count(*)::integer AS waiting FROM quarantined_image')).toEqual({ waiting: 0 });
});

test('a file that somebody else has as well stays, with its digest', async () => {
  const { leaver, stayer } = all;
  await api.make.radiograph(stayer.exam, { assetId: leaver.film.assetId, barcode: '016600000009' });
  const { sha256 } = await only<{ sha256: string }>('SELECT sha256 FROM asset WHERE id = $1', [leaver.film.assetId]);

  expect((await erased()).files.count).toBe(11);

  expect(await api.store.exists(`${sha256.slice(0, 2)}/${sha256}`)).toBe(true);
  expect(await only('SELECT count(*)::integer AS assets FROM asset WHERE sha256 = $1', [sha256])).toEqual({
    assets: 1,
  });
  expect(await hunt(api, [LEAVER, ...BARCODES, DAY])).toEqual([]);
});

test('the release is imported again without the participant, whose rows and images are counted as withdrawn', async () => {
  await erased();
  const report: object[] = [];

  const summary = await importRelease(api.dataSource, release.path, {
    store: api.store,
    onRefusal: (refusal) => report.push(refusal),
  });

  expect(summary.tables).toMatchObject([
    { file: 'Enrollees.txt', rows: 2, withdrawn: 1, inserted: 0, refused: 0 },
    { file: 'kxr_sq_bu00.txt', rows: 2, withdrawn: 1, inserted: 0, refused: 0 },
  ]);
  expect(summary.images).toMatchObject({ folders: 6, inserted: 0, withdrawn: 3, refused: 0 });
  expect(summary.refused).toBe(0);
  expect(report).toHaveLength(5);
  expect(report[0]).toEqual({
    ...{ file: 'Enrollees.txt', row: 2 },
    reason: 'Nothing of it was read: the participant has withdrawn consent and was erased.',
  });
  expect(await hunt(api, words)).toEqual([]);
  const again = await importRelease(api.dataSource, release.path, { store: api.store });
  expect(again.tables).toMatchObject([
    { skipped: true, withdrawn: 1, unchanged: 1 },
    { skipped: true, withdrawn: 1, unchanged: 1 },
  ]);
  const film = await release.write('film.dcm', filmFile(LEAVER, '016600000001'));
  await expect(
    addImages(api.dataSource, film, { oaiId: LEAVER, visit: 'V00' }, { store: api.store, create: true }),
  ).rejects.toThrow('Nothing was imported: the participant has withdrawn consent and was erased.');
});

test('the audit knows participants by pseudonyms, and nobody can tell whose they were once the participant is gone', async () => {
  const film = await release.write('film.dcm', filmFile(LEAVER, '016600000007'));
  await addImages(api.dataSource, film, { oaiId: LEAVER, visit: 'V00' }, { store: api.store });
  const last = () =>
    api.dataSource.manager.findOneByOrFail(AuditEntry, { action: 'import' as const, target: Like('%V00') });
  const { target, detail } = await last();
  const pseudonym = target!.split(' ')[0]!;
  expect(pseudonym).toMatch(/^participant:[0-9a-f]{16}$/);
  expect(detail).toMatchObject({ oaiId: pseudonym });
  const ofLeaver = 'SELECT key FROM audit_key WHERE participant_id = $1';
  const [{ key }] = await api.dataSource.query<[{ key: string }]>(ofLeaver, [all.leaver.participant.id]);
  const digest = createHmac('sha256', Buffer.from(key, 'hex')).update(LEAVER).digest('hex');
  expect(pseudonym).toBe(`participant:${digest.slice(0, 16)}`);

  const { id } = await erased();

  expect((await last()).target).toBe(`${pseudonym} V00`);
  expect(await api.dataSource.query(ofLeaver, [all.leaver.participant.id])).toEqual([]);
  expect(await api.dataSource.manager.findOneBy(AuditEntry, { action: 'eraseParticipant' })).toMatchObject({
    ...{ target: id, detail: {} },
  });
});

test('who does not exist, or is no id, is told in one sentence, and nothing is done', async () => {
  await sealAudit(api.dataSource);
  const before = await dumped(api.dataSource);
  const refusals = [];
  for (const oaiId of ['9999999', 'x', '']) {
    const { errors } = await erase(oaiId);
    refusals.push([errors![0]!.extensions.code, errors![0]!.message]);
  }
  expect(refusals).toEqual([
    ['NOT_FOUND', 'There is no participant with this id, so nothing was erased.'],
    ['BAD_USER_INPUT', 'A participant\'s id has seven digits, such as "9000001".'],
    ['BAD_USER_INPUT', 'A participant\'s id has seven digits, such as "9000001".'],
  ]);
  expect(await dumped(api.dataSource)).toEqual(before);
});

test('only an administrator erases', async () => {
  const { errors } = await erase(LEAVER, true, api.tokens.OPERATOR);
  expect(errors![0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
});

test.each([
  [
    `UPDATE generation SET state = 'RUNNING' WHERE state = 'QUEUED' AND exam_id = $1`,
    'A generation of this participant is running, so nothing was erased; cancel or wait, then erase again.',
  ],
  [
    `UPDATE evaluation SET state = 'RUNNING' WHERE $1 > 0`,
    'The evaluation "both" includes this participant and is under way, so nothing was erased; cancel it or wait, then erase again.',
  ],
  [
    `UPDATE reader_study SET state = 'RUNNING', heartbeat_at = now() WHERE $1 > 0`,
    'The reader study "both" shows this participant and is being prepared, so nothing was erased; close it or wait, then erase again.',
  ],
])('work under way on the participant is refused: %s', async (statement, message) => {
  await api.dataSource.query(statement, [all.leaver.exam.id]);

  const { errors } = await erase(LEAVER);

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'CONFLICT' } });
  expect(await api.dataSource.manager.existsBy(Participant, { oaiId: LEAVER })).toBe(true);
});

test('an erasure waits for no import, and says so', async () => {
  const runner = api.dataSource.createQueryRunner();
  await runner.query('SELECT pg_advisory_lock(4796021)');
  try {
    const { errors } = await erase(LEAVER);
    expect(errors![0]).toMatchObject({
      message: 'An import into this database is running; erase the participant when it is done.',
      extensions: { code: 'CONFLICT' },
    });
  } finally {
    await runner.query('SELECT pg_advisory_unlock(4796021)');
    await runner.release();
  }
});

test('rows of a table that did not exist when this was written are found by their foreign key, or by the name of their column', async () => {
  await api.dataSource.query(
    `CREATE TABLE outcome (id integer PRIMARY KEY, participant_id integer NOT NULL REFERENCES participant(id) ON DELETE CASCADE);
     CREATE TABLE outcome_note (outcome integer NOT NULL REFERENCES outcome(id), note text);
     CREATE TABLE remark (exam_id integer, text text)`,
  );
  const { leaver, stayer } = all;
  for (const [at, { participant, exam }] of [leaver, stayer].entries()) {
    await api.dataSource.query('INSERT INTO outcome VALUES ($1, $2)', [at, participant.id]);
    await api.dataSource.query(`INSERT INTO outcome_note VALUES ($1, 'a'), ($1, 'b')`, [at]);
    await api.dataSource.query(`INSERT INTO remark VALUES ($1, 'x')`, [exam.id]);
  }
  await api.dataSource.query(`INSERT INTO remark VALUES (NULL, $1)`, [`Ask ${LEAVER}, not 1${LEAVER}.`]);

  const { removed, rewritten } = await erased();

  expect(['outcome', 'outcome_note', 'remark'].map((table) => rowsOf(removed, table))).toEqual([1, 2, 1]);
  expect(rowsOf(rewritten, 'remark')).toBe(1);
  expect(await api.dataSource.query('SELECT text FROM remark ORDER BY text')).toEqual([
    ...[{ text: `Ask erased, not 1${LEAVER}.` }, { text: 'x' }],
  ]);
});
