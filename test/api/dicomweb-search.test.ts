import { decodeId } from '../../src/domain/global-ids.js';
import { Asset } from '../../src/entities/index.js';
import { retryUnlisted } from '../../src/services/dicomweb/catalogue.js';
import { addImages, listImports, undoImport } from '../../src/services/imports/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { readAsset, storeAsset } from '../../src/storage/index.js';
import {
  type DicomwebServer,
  keepGolden,
  makeGenerated,
  makeRestored,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { filmFile } from '../helpers/oai-files.js';
import { bilateralDicom, bilateralPng, upload } from '../helpers/radiographs.js';
import { StatementLog } from '../helpers/statements.js';

let api: DicomwebServer;
const log = new StatementLog();

beforeAll(async () => {
  api = await startDicomwebServer(log);
});

afterAll(() => api.close());

const [STUDY_DATE, MODALITIES, PATIENT, STUDY, SERIES, INSTANCE] = [
  ...['00080020', '00080061', '00100020', '0020000D', '0020000E', '00080018'],
] as [string, string, string, string, string, string];

test('studies are found with what the standard wants to be told of them', async () => {
  const studies = await api.search('/studies');

  expect(studies.map((study) => study[MODALITIES]!.Value)).toEqual(expect.arrayContaining([['CR'], ['MR']]));
  const mr = studies.find((study) => valueOf(study, MODALITIES) === 'MR')!;
  expect(mr).toMatchObject({
    '00080056': { vr: 'CS', Value: ['ONLINE'] },
    '00080050': { vr: 'SH' },
    '00080090': { vr: 'PN' },
    '00100010': { vr: 'PN', Value: [{ Alphabetic: '9000001' }] },
    '00100020': { vr: 'LO', Value: ['9000001'] },
    '00100030': { vr: 'DA' },
    '00100040': { vr: 'CS' },
    '00201206': { vr: 'IS', Value: [1] },
    '00201208': { vr: 'IS', Value: [3] },
    '00081190': { vr: 'UR', Value: [`${api.url}/dicomweb/studies/${String(valueOf(mr, STUDY))}`] },
  });
  expect(valueOf(mr, STUDY_DATE)).toMatch(/^(199|200)\d{5}$/);
  expect(valueOf(mr, '00081030')).toBe('MR RIGHT');
  expect(mr).not.toHaveProperty('00101010');
});

test('a study has series, a series has instances in the order of the image, and each says where it is', async () => {
  const [study] = await api.search('/studies?ModalitiesInStudy=MR');
  const [series, ...more] = await api.search(`/studies/${String(valueOf(study, STUDY))}/series`);
  const path = `/studies/${String(valueOf(study, STUDY))}/series/${String(valueOf(series, SERIES))}`;
  const instances = await api.search(`${path}/instances`);

  expect(more).toEqual([]);
  expect(series).toMatchObject({
    '00080060': { Value: ['MR'] },
    '0008103E': { Value: ['COR T1 3D FLASH RIGHT'] },
    '00201209': { Value: [3] },
  });
  // What the address gives is not repeated.
  expect(series).not.toHaveProperty(PATIENT);
  expect(instances.map((instance) => valueOf(instance, '00200013'))).toEqual([3, 2, 1]);
  expect(instances[0]).toMatchObject({
    '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.4'] },
    '00280010': { vr: 'US', Value: [8] },
    '00280011': { vr: 'US', Value: [8] },
    '00280100': { vr: 'US', Value: [16] },
    '00081190': { Value: [`${api.url}/dicomweb${path}/instances/${String(valueOf(instances[0], INSTANCE))}`] },
  });
  expect(await api.search(`/studies/${String(valueOf(study, STUDY))}/instances`)).toHaveLength(3);
});

test('searches go by keyword or tag, wildcards, ranges of dates, lists of UIDs, and all of them at once', async () => {
  const [cr, mr] = await Promise.all(
    ['CR', 'MR'].map(async (name) => (await api.search(`/studies?Modality=${name}`))[0]),
  );
  const date = String(valueOf(mr, STUDY_DATE));
  const found = async (query: string) => (await api.search(`/studies?${query}`)).length;

  expect(await found('PatientID=9000001')).toBe(2);
  expect(await found('00100020=9000001')).toBe(2);
  expect(await found('PatientID=900000*')).toBe(2);
  expect(await found('PatientID=900000?')).toBe(2);
  expect(await found('PatientID=9000002')).toBe(0);
  expect(await found('PatientID=%25')).toBe(0);
  expect(await found('PatientName=9000001&Modality=CR')).toBe(1);
  expect(await found(`StudyDate=${date}`)).toBe(2);
  expect(await found(`StudyDate=${date}-`)).toBe(2);
  expect(await found(`StudyDate=-${date}`)).toBe(2);
  expect(await found(`StudyDate=19000101-${Number(date) - 10_000}`)).toBe(0);
  expect(await found(`StudyInstanceUID=${String(valueOf(cr, STUDY))},${String(valueOf(mr, STUDY))}`)).toBe(2);
  expect(await found(`StudyInstanceUID=${String(valueOf(cr, STUDY))}`)).toBe(1);
  expect(await found('AccessionNumber=')).toBe(2);
  expect(await found('AccessionNumber=1')).toBe(0);
  expect(await api.search('/series?SeriesDescription=*FLASH*')).toHaveLength(1);
  expect(await api.search('/instances?InstanceNumber=2')).toHaveLength(1);
  expect(await api.search('/instances?Rows=96')).toHaveLength(1);
  const [instance] = await api.search('/instances?InstanceNumber=2');
  expect(await found(`SOPInstanceUID=${String(valueOf(instance, INSTANCE))}`)).toBe(1);
});

test('limit and offset page through what is found, and say that there is more', async () => {
  const page = async (query: string) => {
    const response = await api.get(`/instances?${query}`);
    const body = response.status === 204 ? [] : ((await response.json()) as never[]);
    return { uids: body.map((instance) => valueOf(instance, INSTANCE)), warning: response.headers.get('warning') };
  };
  const all = await page('');
  const [first, second, beyond] = [await page('limit=3'), await page('limit=3&offset=3'), await page('offset=4')];

  expect(all.uids).toHaveLength(4);
  expect(all.warning).toBeNull();
  expect([...first.uids, ...second.uids]).toEqual(all.uids);
  expect(first.warning).toBe(
    '299 osteograph "The number of results exceeded the limit of this search. Additional results can be requested."',
  );
  expect(second.warning).toBeNull();
  expect(beyond.uids).toEqual([]);
});

test('includefield adds what is kept, and fuzzymatching is answered by a warning', async () => {
  const path = await api.files.write('knee.dcm', filmFile('', 'knee', { elements: { BodyPartExamined: 'KNEE' } }));
  await addImages(api.dataSource, path, { oaiId: '9000004', visit: 'V00' }, { store: api.store, create: true });
  const partOf = async (query: string) =>
    valueOf((await api.search(`/series?PatientID=9000004${query}`))[0], '00180015');
  const fuzzy = await api.get('/studies?fuzzymatching=true&PatientName=9000001');

  expect(await partOf('')).toBeUndefined();
  expect(await partOf('&includefield=BodyPartExamined')).toBe('KNEE');
  expect(await partOf('&includefield=all')).toBe('KNEE');
  expect(fuzzy.status).toBe(200);
  expect(fuzzy.headers.get('warning')).toBe(
    '299 osteograph "The fuzzymatching parameter is not supported. Only literal matching has been performed."',
  );
});

test.each([
  ['/studies?PatientWeight=70', '"PatientWeight" is nothing that is searched by'],
  ['/series?NumberOfSeriesRelatedInstances=1', '"NumberOfSeriesRelatedInstances" is nothing that is searched by'],
  ['/studies?__proto__=1', '"__proto__" is nothing that is searched by'],
  ['/studies?StudyDate=2004', 'StudyDate takes yyyymmdd'],
  ['/studies?StudyDate=-', 'StudyDate takes yyyymmdd'],
  ['/studies?StudyInstanceUID=x', 'StudyInstanceUID takes UIDs'],
  ['/studies?PatientID=1&PatientID=2', 'PatientID must be given once'],
  ['/studies?PatientID[$gt]=1', 'is nothing that is searched by'],
  ['/studies?PatientID=%00', 'PatientID must be given once, as text'],
  ['/studies?limit=-1', 'limit must be a whole number'],
  ['/studies?offset=1e9', 'offset must be a whole number'],
  ['/studies?fuzzymatching=perhaps', 'fuzzymatching must be true or false'],
  ['/studies?includefield=Nonsense', 'includefield names "Nonsense", which is no attribute of DICOM'],
  ['/instances?InstanceNumber=one', 'InstanceNumber takes a whole number'],
])('%s is refused in one sentence', async (path, message) => {
  const response = await api.get(path);

  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
  expect(errors[0]!.message).toContain(message);
  expect(errors[0]!.extensions.code).toBe('BAD_USER_INPUT');
});

test('what a bundle has made is found in the study of its film, says that it is synthetic, and films without an object are not listed', async () => {
  const before = (await api.search('/studies')).length;
  await makeGenerated(api);
  await makeRestored(api);
  await upload(api.url, api.tokens.OPERATOR, bilateralPng(0));

  const synthetic = await api.search('/instances?SyntheticData=YES&includefield=all', api.tokens.OPERATOR);

  expect(synthetic.map((instance) => valueOf(instance, '00080060')).sort()).toEqual(['CR', 'MR', 'MR']);
  const studies = await api.search('/studies', api.tokens.OPERATOR);
  expect(studies).toHaveLength(before);
  // Among real ones their series say so unasked.
  expect(studies.filter((study) => valueOf(study, '0008001C') === 'YES')).toHaveLength(0);
  const series = await api.search('/series', api.tokens.OPERATOR);
  expect(series.filter((one) => valueOf(one, '0008001C') === 'YES')).toHaveLength(2);
});

test('an upload and what was made from it are found by its owner and administrators alone', async () => {
  const before = (await api.search('/studies')).length;
  const { body } = await upload(api.url, api.tokens.OPERATOR, bilateralDicom(TAGGED));
  const uploadId = String(decodeId(body.id)!.key);
  await makeGenerated(api, { uploadId, examId: null, radiographId: null, side: 'LEFT' });
  const other = (await createToken(api.dataSource, { name: 'other', role: 'OPERATOR' })).text;
  const seen = async (token: string) => (await api.search('/studies', token)).length;

  // One study: what was made is of the study of the upload.
  expect(await seen(api.tokens.OPERATOR)).toBe(before + 1);
  expect(await seen(api.tokens.ADMIN)).toBe(before + 1);
  expect(await seen(other)).toBe(before);
  expect(await seen(api.tokens.READER)).toBe(before);
  const [own] = await api.search('/studies?PatientID=UPLOADED', api.tokens.OPERATOR);
  const path = `/studies/${String(valueOf(own, STUDY))}`;
  expect((await api.get(path, '*/*', api.tokens.OPERATOR)).status).toBe(200);
  expect((await api.get(path, '*/*', other)).status).toBe(404);
  expect(await api.search(`${path}/series`, other)).toEqual([]);
});

test('two echoes that a scanner has put into one series are one series of all their instances', async () => {
  await keepGolden(api, 'enhanced-mr.dcm');
  const path = await keepGolden(api, 'enhanced-mr.dcm');
  const [study] = path.slice('/studies/'.length).split('/');

  const [series, ...more] = await api.search(`/studies/${study}/series`);

  expect(more).toEqual([]);
  expect(valueOf(series, '00201209')).toBe(1);
  expect(await api.search(`/studies/${study}/instances`)).toHaveLength(1);
});

test('a number in an object that is none is found by nobody, and fails the search of nobody', async () => {
  const [{ id }] = await api.dataSource
    .query<[{ id: number }]>(
      `UPDATE dicom_series SET attributes = jsonb_set(attributes, '{00200011}', '{"vr": "IS", "Value": ["1-2"]}')
     WHERE id = (SELECT id FROM dicom_series WHERE state = 'LISTED' ORDER BY id LIMIT 1) RETURNING id`,
    )
    .then(([rows]) => rows as unknown as [{ id: number }]);
  await api.dataSource.query(
    `UPDATE dicom_series SET attributes = jsonb_set(attributes, '{00200011}', '{"vr": "IS", "Value": [7]}')
     WHERE id = (SELECT id FROM dicom_series WHERE state = 'LISTED' AND id > $1 ORDER BY id LIMIT 1)`,
    [id],
  );

  expect(await api.search('/series?SeriesNumber=%2B7')).toHaveLength(1);
  expect(await api.search('/series?SeriesNumber=12')).toEqual([]);
});

test('what a newer release dropped is not found any more, until one brings it back', async () => {
  const path = await api.files.write('dropped.dcm', filmFile('', 'dropped'));
  await addImages(api.dataSource, path, { oaiId: '9000007', visit: 'V00' }, { store: api.store, create: true });
  const [found] = await api.search('/studies?PatientID=9000007');
  const study = `/studies/${String(valueOf(found, STUDY))}`;
  const drop = (dropped: object) =>
    api.dataSource.query(
      `UPDATE radiograph SET dropped = $1 WHERE id = (SELECT radiograph_id FROM original_object WHERE study_uid = $2)`,
      [dropped, valueOf(found, STUDY)],
    );

  await drop({ allclinical00: 1 });
  expect(await api.search('/studies?PatientID=9000007')).toEqual([]);
  expect((await api.get(study)).status).toBe(404);

  await drop({});
  expect((await api.get(study)).status).toBe(200);
});

test('who follows the pages to their end comes to every place, also where two images share an instance', async () => {
  await keepGolden(api, 'enhanced-mr-slice.dcm');
  const path = await keepGolden(api, 'enhanced-mr-slice.dcm');
  const [, , study, , , , instance] = path.split('/');
  const met: unknown[] = [];
  for (let [offset, isMore] = [0, true]; isMore; offset++) {
    const response = await api.get(`/studies/${study}/instances?limit=1&offset=${offset}`);
    isMore = response.headers.get('warning') !== null;
    met.push(valueOf(((await response.json()) as never[])[0], INSTANCE));
  }

  expect(met).toEqual([instance, instance]);
});

test('an object whose file was away is found once the file is there again', async () => {
  const path = await api.files.write('away.dcm', filmFile('', 'away'));
  await addImages(api.dataSource, path, { oaiId: '9000008', visit: 'V00' }, { store: api.store, create: true });
  const [asset] = await api.dataSource.getRepository(Asset).find({ order: { id: 'DESC' }, take: 1 });
  const bytes = await readAsset(api.store, asset!);
  await api.store.delete(asset!.storageKey);
  expect(await api.search('/studies?PatientID=9000008')).toEqual([]);
  await storeAsset(api.dataSource.manager, api.store, bytes, 'application/dicom');
  expect(await api.search('/studies?PatientID=9000008')).toEqual([]);

  await retryUnlisted(api.dataSource);

  expect(await api.search('/studies?PatientID=9000008')).toHaveLength(1);
});

test('whatever is found, a search looks for what has come since and is one statement', async () => {
  await api.search('/studies');
  for (const path of ['/studies', '/series', '/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.4']) {
    log.clear();
    await api.search(path);
    const statements = log.statements.filter((statement) => statement.includes('dicom_series'));
    expect(statements).toHaveLength(2);
    expect(statements[0]).toContain(`d.state = 'PENDING'`);
  }
});

test('a corrected file takes the place of the object that it was, and undoing its import brings that back', async () => {
  const to = { oaiId: '9000005', visit: 'V00' } as const;
  const path = await api.files.write('corrected.dcm', filmFile('', '11'));
  const add = () => addImages(api.dataSource, path, to, { store: api.store, create: true });
  const uids = async () => (await api.search('/instances?PatientID=9000005')).map((found) => valueOf(found, INSTANCE));
  await add();
  const before = await uids();
  await api.files.write('corrected.dcm', filmFile('', '12'));
  await add();
  const after = await uids();

  expect(before).toHaveLength(1);
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);

  const [run] = await listImports(api.dataSource, 1);
  await undoImport({ dataSource: api.dataSource, store: api.store }, run!.id);
  expect(await uids()).toEqual(before);
});

test('more than a request lists at once is listed by those that follow', async () => {
  for (let index = 0; index < 25; index++) {
    const path = await api.files.write(`many-${index}.dcm`, filmFile('', `many-${index}`));
    await addImages(api.dataSource, path, { oaiId: '9000006', visit: 'V00' }, { store: api.store, create: true });
  }
  const found = async () => (await api.search('/instances?PatientID=9000006')).length;

  const first = await found();
  expect(first).toBeGreaterThanOrEqual(20);
  expect(await found()).toBe(25);
});

/** What puts a film into a study. */
const TAGGED = { StudyInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.3.1' };
