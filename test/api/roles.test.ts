import { encodeId } from '../../src/domain/global-ids.js';
import { ROLES } from '../../src/domain/roles.js';
import type { Role } from '../../src/domain/roles.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const participant = await make.participant();
  const visit = await make.visit(participant);
  const exam = await make.exam(visit);
  const film = await make.radiograph(exam);
  const bundle = await make.bundle();
  const generation = await make.generation(exam, film, bundle, { state: 'QUEUED' });
  ids['exam'] = encodeId('KneeExam', exam.id);
  ids['generation'] = encodeId('Generation', generation.id);
  const cohort = await createCohort(api.dataSource, COMMAND_LINE, {
    name: 'Shared',
    kind: 'DYNAMIC',
    visibility: 'READERS',
    filter: { kl: { gte: 2 } },
  });
  ids['cohort'] = encodeId('Cohort', cohort.id);
  ids['token'] = encodeId('ApiToken', (await make.token({ name: 'to be revoked' })).id);
  ids['oaiId'] = participant.oaiId;
});

afterAll(() => api.close());

/** Each root field, the role it needs, and a way to ask for it. */
const FIELDS: [string, Role, () => string][] = [
  ['auditEntries', 'ADMIN', () => '{ auditEntries { totalCount } }'],
  ['quarantinedImages', 'OPERATOR', () => '{ quarantinedImages { id } }'],
  ['arrivalRules', 'OPERATOR', () => '{ arrivalRules { id } }'],
  ['dicomPeers', 'OPERATOR', () => '{ dicomPeers { name } }'],
  ['dicomSendings', 'OPERATOR', () => '{ dicomSendings { id } }'],
  ['webhooks', 'OPERATOR', () => '{ webhooks { totalCount } }'],
  ['webhookDeliveries', 'OPERATOR', () => '{ webhookDeliveries { totalCount } }'],
  ['viewer', 'SUMMARY', () => '{ viewer { name } }'],
  ['kneeExams.totalCount', 'SUMMARY', () => '{ kneeExams { totalCount } }'],
  ['participants.totalCount', 'SUMMARY', () => '{ participants { totalCount } }'],
  ['generations.totalCount', 'SUMMARY', () => '{ generations { totalCount } }'],
  ['releases', 'ANALYST', () => '{ releases { name imports } }'],
  ['search', 'ANALYST', () => '{ search(text: "900") { title } }'],
  ['knees.totalCount', 'SUMMARY', () => '{ knees { totalCount } }'],
  ['knees.nodes', 'ANALYST', () => '{ knees { nodes { side } } }'],
  ['knee', 'ANALYST', () => `{ knee(oaiId: "${ids['oaiId']}", side: LEFT) { side } }`],
  ['kneeExams.nodes', 'ANALYST', () => '{ kneeExams { nodes { kl } } }'],
  ['kneeExams.edges', 'ANALYST', () => '{ kneeExams { edges { cursor } } }'],
  ['kneeExams.pageInfo', 'ANALYST', () => '{ kneeExams { pageInfo { endCursor } } }'],
  ['kneeExamFacets', 'SUMMARY', () => '{ kneeExamFacets(by: [KL, SEX]) { exams } }'],
  ['kneeExamStatistics', 'ANALYST', () => '{ kneeExamStatistics(of: AGE) { median } }'],
  ['survival', 'ANALYST', () => '{ survival(event: KL_GE_2) { examined } }'],
  [
    'kneePrevalence',
    'ANALYST',
    () => '{ kneePrevalence(where: { visit: { eq: V00 } }, having: { kl: { gte: 2 } }) { share } }',
  ],
  [
    'kneeCorrelation',
    'ANALYST',
    () => '{ kneeCorrelation(x: { variable: "AGE" }, y: { variable: "BMI" }) { pearson { coefficient } } }',
  ],
  [
    'kneePairs',
    'ANALYST',
    () =>
      '{ kneePairs(pairing: { of: SAME_PERSON, cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } }) { cases } }',
  ],
  ['gradeTransitions', 'ANALYST', () => '{ gradeTransitions(from: V00, to: V01) { knees } }'],
  ['participants.nodes', 'ANALYST', () => '{ participants { nodes { oaiId } } }'],
  ['generations.nodes', 'ANALYST', () => '{ generations { nodes { state } } }'],
  ['participant', 'ANALYST', () => `{ participant(oaiId: "${ids['oaiId']}") { id } }`],
  ['generation', 'ANALYST', () => `{ generation(id: "${ids['generation']}") { id } }`],
  ['node', 'ANALYST', () => `{ node(id: "${ids['exam']}") { id } }`],
  ['nodes', 'ANALYST', () => `{ nodes(ids: ["${ids['exam']}"]) { id } }`],
  ['kneeExam', 'ANALYST', () => `{ kneeExam(oaiId: "${ids['oaiId']}", visit: V00, side: RIGHT) { id } }`],
  ['bundles', 'ANALYST', () => '{ bundles { name } }'],
  ['bundle', 'ANALYST', () => '{ bundle(name: "test-bundle") { name } }'],
  ['workers', 'ANALYST', () => '{ workers { name } }'],
  ['cohorts.totalCount', 'SUMMARY', () => '{ cohorts { totalCount } }'],
  ['cohorts.nodes', 'ANALYST', () => '{ cohorts { nodes { name } } }'],
  [
    'cohort',
    'SUMMARY',
    () => `{ cohort(id: "${ids['cohort']}") { name counts { exams } attrition { start { exams } } } }`,
  ],
  ['cohort.filter', 'ANALYST', () => `{ cohort(id: "${ids['cohort']}") { filter } }`],
  ['cohort.exams', 'ANALYST', () => `{ cohort(id: "${ids['cohort']}") { exams { totalCount } } }`],
  ['batches.nodes', 'ANALYST', () => '{ batches { nodes { name } } }'],
  ['batches.totalCount', 'ANALYST', () => '{ batches { totalCount } }'],
  ['batch', 'ANALYST', () => '{ batch(id: "x") { name } }'],
  ['variables', 'SUMMARY', () => '{ variables(first: 1) { totalCount nodes { name coverage { filled } } } }'],
  ['derivedVariables.nodes', 'ANALYST', () => '{ derivedVariables { nodes { name where } } }'],
  ['derivedVariables.totalCount', 'ANALYST', () => '{ derivedVariables { totalCount } }'],
  ['derivedVariable', 'ANALYST', () => '{ derivedVariable(name: "x") { name } }'],
  ['exportColumns', 'SUMMARY', () => '{ exportColumns { name } }'],
  ['participantFacets', 'ANALYST', () => '{ participantFacets(by: [SEX]) { participants } }'],
  ['exports.totalCount', 'ANALYST', () => '{ exports { totalCount } }'],
  ['exports.nodes', 'ANALYST', () => '{ exports { nodes { id } } }'],
  ['export', 'ANALYST', () => '{ export(id: "x") { id } }'],
  ['storage', 'OPERATOR', () => '{ storage { bytes } }'],
  ['usage', 'OPERATOR', () => '{ usage { succeeded } }'],
  ['evaluations.totalCount', 'ANALYST', () => '{ evaluations { totalCount } }'],
  ['evaluations.nodes', 'ANALYST', () => '{ evaluations { nodes { id } } }'],
  ['evaluation', 'ANALYST', () => '{ evaluation(id: "x") { id } }'],
  ['generationDifference', 'READER', () => '{ generationDifference(a: "x", b: "x") { maximum } }'],
  ['readerStudies.nodes', 'ANALYST', () => '{ readerStudies { nodes { id } } }'],
  ['readerStudy', 'ANALYST', () => '{ readerStudy(id: "x") { id } }'],
  ['readerSession', 'READER', () => '{ readerSession(id: "x") { id } }'],
  ['uploadedRadiographs.totalCount', 'ANALYST', () => '{ uploadedRadiographs { totalCount } }'],
  ['uploadedRadiographs.nodes', 'ANALYST', () => '{ uploadedRadiographs { nodes { id } } }'],
  ['uploadedMasks.totalCount', 'ANALYST', () => '{ uploadedMasks { totalCount } }'],
  ['uploadedMasks.nodes', 'ANALYST', () => '{ uploadedMasks { nodes { id } } }'],
  ['measurements.totalCount', 'ANALYST', () => '{ measurements { totalCount } }'],
  ['measurements.nodes', 'ANALYST', () => '{ measurements { nodes { value } } }'],
  ['tokens', 'ADMIN', () => '{ tokens { name } }'],
  ['node of a token', 'ADMIN', () => `{ node(id: "${ids['token']}") { id } }`],
];

const MUTATIONS: [string, Role, () => string][] = [
  // What the role may do, the request may still get wrong: here only the role counts.
  ['generateMri', 'OPERATOR', () => 'mutation { generateMri(input: {}) { generation { id } } }'],
  ['readRadiograph', 'OPERATOR', () => 'mutation { readRadiograph(input: {}) { reading { id } } }'],
  ['restoreRadiograph', 'OPERATOR', () => 'mutation { restoreRadiograph(input: {}) { generation { id } } }'],
  [
    'generateProgression',
    'OPERATOR',
    () => 'mutation { generateProgression(input: { targetKl: 4 }) { generation { id } } }',
  ],
  [
    'superResolveSeries',
    'OPERATOR',
    () => 'mutation { superResolveSeries(input: { seriesId: "x", scale: 2 }) { generation { id } } }',
  ],
  [
    'inpaintSeries',
    'OPERATOR',
    () => 'mutation { inpaintSeries(input: { seriesId: "x", slices: [1] }) { generation { id } } }',
  ],
  ['cancelGeneration', 'OPERATOR', () => 'mutation { cancelGeneration(input: { id: "x" }) { generation { id } } }'],
  ['retryGeneration', 'OPERATOR', () => 'mutation { retryGeneration(input: { id: "x" }) { generation { id } } }'],
  ['synthesizeCohort', 'OPERATOR', () => 'mutation { synthesizeCohort(input: {}) { batch { id } } }'],
  ['pauseBatch', 'OPERATOR', () => 'mutation { pauseBatch(input: { id: "x" }) { batch { id } } }'],
  ['resumeBatch', 'OPERATOR', () => 'mutation { resumeBatch(input: { id: "x" }) { batch { id } } }'],
  ['cancelBatch', 'OPERATOR', () => 'mutation { cancelBatch(input: { id: "x" }) { batch { id } } }'],
  ['retryBatch', 'OPERATOR', () => 'mutation { retryBatch(input: { id: "x" }) { batch { id } } }'],
  ['deleteGeneration', 'OPERATOR', () => 'mutation { deleteGeneration(input: { id: "x" }) { deletedGenerationId } }'],
  ['eraseParticipant', 'ADMIN', () => 'mutation { eraseParticipant(input: { oaiId: "x" }) { erasure { id } } }'],
  ['deleteBatch', 'OPERATOR', () => 'mutation { deleteBatch(input: { id: "x" }) { deletedBatchId } }'],
  ['createCohort', 'ANALYST', () => 'mutation { createCohort(input: { name: " " }) { cohort { id } } }'],
  ['updateCohort', 'ANALYST', () => 'mutation { updateCohort(input: { id: "x", version: 1 }) { cohort { id } } }'],
  [
    'shareCohort',
    'ANALYST',
    () => 'mutation { shareCohort(input: { id: "x", visibility: READERS }) { cohort { id } } }',
  ],
  ['splitCohort', 'ANALYST', () => 'mutation { splitCohort(input: { id: "x" }) { parts { name } } }'],
  [
    'createDerivedVariable',
    'ANALYST',
    () => 'mutation { createDerivedVariable(input: { name: "x", label: "x" }) { derivedVariable { id } } }',
  ],
  [
    'updateDerivedVariable',
    'ANALYST',
    () => 'mutation { updateDerivedVariable(input: { id: "x", version: 1 }) { derivedVariable { id } } }',
  ],
  [
    'deleteDerivedVariable',
    'ANALYST',
    () => 'mutation { deleteDerivedVariable(input: { id: "x" }) { deletedDerivedVariableId } }',
  ],
  ['deleteCohort', 'ANALYST', () => 'mutation { deleteCohort(input: { id: "x" }) { deletedCohortId } }'],
  [
    'exportParticipants',
    'ANALYST',
    () => 'mutation { exportParticipants(input: { format: CSV, columns: ["none"] }) { export { id } } }',
  ],
  [
    'exportCohort',
    'ANALYST',
    () => 'mutation { exportCohort(input: { format: CSV, columns: ["none"] }) { export { id } } }',
  ],
  [
    'exportGenerations',
    'READER',
    () => 'mutation { exportGenerations(input: { format: NIFTI_ZIP }) { export { id } } }',
  ],
  ['cancelExport', 'ANALYST', () => 'mutation { cancelExport(input: { id: "x" }) { export { id } } }'],
  ['evaluateBundles', 'OPERATOR', () => 'mutation { evaluateBundles(input: { bundles: [] }) { evaluation { id } } }'],
  ['cancelEvaluation', 'OPERATOR', () => 'mutation { cancelEvaluation(input: { id: "x" }) { evaluation { id } } }'],
  [
    'createReaderStudy',
    'OPERATOR',
    () => 'mutation { createReaderStudy(input: { name: "", evaluationId: "x" }) { study { id } } }',
  ],
  ['closeReaderStudy', 'OPERATOR', () => 'mutation { closeReaderStudy(input: { id: "x" }) { study { id } } }'],
  ['startReaderSession', 'READER', () => 'mutation { startReaderSession(input: { studyId: "x" }) { session { id } } }'],
  [
    'answerReaderTrial',
    'READER',
    () => 'mutation { answerReaderTrial(input: { sessionId: "x", trial: 0, imported: LEFT }) { session { id } } }',
  ],
  [
    'deleteUploadedRadiograph',
    'READER',
    () => 'mutation { deleteUploadedRadiograph(input: { id: "x" }) { deletedUploadedRadiographId } }',
  ],
  [
    'deleteUploadedMask',
    'READER',
    () => 'mutation { deleteUploadedMask(input: { id: "x" }) { deletedUploadedMaskId } }',
  ],
  ['retireBundle', 'ADMIN', () => 'mutation { retireBundle(input: { id: "x" }) { bundle { id } } }'],
  ['reinstateBundle', 'ADMIN', () => 'mutation { reinstateBundle(input: { id: "x" }) { bundle { id } } }'],
  ['createToken', 'ADMIN', () => 'mutation { createToken(input: { name: " ", role: READER }) { secret } }'],
  ['t2Map', 'OPERATOR', () => 'mutation { t2Map(input: { seriesId: "x" }) { t2Map { id } } }'],
  ['cancelT2Map', 'OPERATOR', () => 'mutation { cancelT2Map(input: { id: "x" }) { t2Map { id } } }'],
  [
    'createWebhook',
    'OPERATOR',
    () => 'mutation { createWebhook(input: { url: "x", events: [BATCH_FAILED] }) { secret } }',
  ],
  ['updateWebhook', 'OPERATOR', () => 'mutation { updateWebhook(input: { id: "x" }) { webhook { id } } }'],
  ['rotateWebhookSecret', 'OPERATOR', () => 'mutation { rotateWebhookSecret(input: { id: "x" }) { secret } }'],
  ['deleteWebhook', 'OPERATOR', () => 'mutation { deleteWebhook(input: { id: "x" }) { deletedWebhookId } }'],
  ['testWebhook', 'OPERATOR', () => 'mutation { testWebhook(input: { id: "x" }) { delivery { id } } }'],
  ['redeliverWebhook', 'OPERATOR', () => 'mutation { redeliverWebhook(input: { id: "x" }) { delivery { id } } }'],
  ['sendDicom', 'OPERATOR', () => 'mutation { sendDicom(input: { peer: "x" }) { sendings { id } } }'],
  ['cancelDicomSending', 'OPERATOR', () => 'mutation { cancelDicomSending(input: { id: "x" }) { sending { id } } }'],
  ['retryDicomSending', 'OPERATOR', () => 'mutation { retryDicomSending(input: { id: "x" }) { sending { id } } }'],
  [
    'createArrivalRule',
    'OPERATOR',
    () => 'mutation { createArrivalRule(input: { task: XRAY_PROGRESSION }) { arrivalRule { id } } }',
  ],
  [
    'deleteArrivalRule',
    'OPERATOR',
    () => 'mutation { deleteArrivalRule(input: { id: "x" }) { deletedArrivalRuleId } }',
  ],
  [
    'resolveQuarantinedImage',
    'OPERATOR',
    () =>
      'mutation { resolveQuarantinedImage(input: { id: "x", resolution: ACCEPTED, reason: "why" }) { quarantinedImage { id } } }',
  ],
  [
    'saveMeasurement',
    'READER',
    () =>
      'mutation { saveMeasurement(input: { imageId: "x", kind: LENGTH, points: [], name: "x" }) { measurement { id } } }',
  ],
  ['updateMeasurement', 'READER', () => 'mutation { updateMeasurement(input: { id: "x" }) { measurement { id } } }'],
  ['deleteMeasurement', 'READER', () => 'mutation { deleteMeasurement(input: { id: "x" }) { deletedMeasurementId } }'],
  ['addTags', 'ANALYST', () => 'mutation { addTags(input: { id: "x", tags: [] }) { tags { name } } }'],
  ['removeTags', 'ANALYST', () => 'mutation { removeTags(input: { id: "x", tags: [] }) { tags { name } } }'],
  ['setNote', 'ANALYST', () => 'mutation { setNote(input: { id: "x", text: "" }) { note { id } } }'],
  ['deleteNote', 'ANALYST', () => 'mutation { deleteNote(input: { id: "x" }) { deletedNoteId } }'],
  ['revokeToken', 'ADMIN', () => 'mutation { revokeToken(input: { id: "x" }) { token { id } } }'],
];

describe.each(ROLES)('a token of role %s', (role) => {
  test.each([...FIELDS, ...MUTATIONS])('over HTTP: %s', async (_name, needed, query) => {
    const { errors } = await api.ask(query(), {}, api.tokens[role]);

    expect(isForbidden(errors)).toBe(ROLES.indexOf(role) < ROLES.indexOf(needed));
  });

  test.each(FIELDS)('over WebSocket: %s', async (_name, needed, query) => {
    const result = await first(role, query());

    expect(isForbidden(result.errors)).toBe(ROLES.indexOf(role) < ROLES.indexOf(needed));
  });

  test.each([
    ['generation', 'Generation'],
    ['batch', 'Batch'],
  ] as const)('follows a %s only with ANALYST or more', async (what, type) => {
    const id = encodeId(type, '00000000-0000-4000-8000-000000000000');
    const result = await first(role, `subscription { ${what}Progress(id: "${id}") { seq } }`);

    expect(codesOf(result.errors)).toEqual([role === 'SUMMARY' ? 'FORBIDDEN' : 'NOT_FOUND']);
  });
});

test('every root field is in the matrix', async () => {
  const { data } = await api.ask<{ __schema: Record<string, { fields: { name: string }[] }> }>(
    '{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }',
  );
  const named = (type: string) => data!.__schema[type]!.fields.map(({ name }) => name).sort();
  const covered = (rows: [string, Role, () => string][]) =>
    [...new Set(rows.map(([name]) => name.split(/[. ]/)[0]!))].sort();

  expect(named('queryType')).toEqual(covered(FIELDS));
  expect(named('mutationType')).toEqual(covered(MUTATIONS));
  expect(named('subscriptionType')).toEqual(['batchProgress', 'evaluationProgress', 'generationProgress']);
});

test('a refusal says which role is needed and which the token has', async () => {
  const { errors, data } = await api.ask('{ kneeExams { nodes { kl } } }', {}, api.tokens.SUMMARY);

  expect(data).toBeNull();
  expect(errors![0]!.message).toBe('Reading records needs the role ANALYST; this token has SUMMARY.');
});

test('SUMMARY gets no count under five', async () => {
  const query = '{ kneeExams { totalCount } }';
  const before = await api.ask(query, {}, api.tokens.SUMMARY);
  for (let index = 0; index < 4; index++) await api.make.exam(await api.make.visit(await api.make.participant()));
  const after = await api.ask(query, {}, api.tokens.SUMMARY);

  expect(before.data).toEqual({ kneeExams: { totalCount: null } });
  expect(after.data).toEqual({ kneeExams: { totalCount: 5 } });
});

test('mutations are refused over WebSocket', async () => {
  const result = await first('ADMIN', 'mutation { createToken(input: { name: "x", role: ADMIN }) { secret } }');

  expect(codesOf(result.errors)).toEqual(['BAD_USER_INPUT']);
});

interface Result {
  errors?: readonly { extensions?: Record<string, unknown> }[] | undefined;
}

/** The first answer over a socket, be it a result or an error message. */
async function first(role: Role, query: string): Promise<Result> {
  const client = api.socketClient(api.tokens[role]);
  const answered = Promise.withResolvers<Result>();
  client.subscribe(
    { query },
    {
      next: (result) => answered.resolve(result),
      error: (errors) => answered.resolve(Array.isArray(errors) ? { errors } : Promise.reject(errors as Error)),
      complete: () => answered.resolve({}),
    },
  );
  const result = await answered.promise;
  await client.dispose();
  return result;
}

const codesOf = (errors: Result['errors']) => (errors ?? []).map(({ extensions }) => extensions?.['code']);
const isForbidden = (errors: Result['errors']) => codesOf(errors).includes('FORBIDDEN');
