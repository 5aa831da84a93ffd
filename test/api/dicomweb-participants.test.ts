import { once } from 'node:events';
import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import {
  ApiToken,
  AuditEntry,
  MriSeries,
  QuarantinedImage,
  Radiograph,
  UploadedRadiograph,
} from '../../src/entities/index.js';
import { dicomUid } from '../../src/imaging/dicom/write.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { addImages, listImports, resolveQuarantined, withImportLock } from '../../src/services/imports/index.js';
import {
  type DicomwebServer,
  type Json,
  makeGenerated,
  partsOf,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { hunt } from '../helpers/hunt.js';
import { filmFile, sliceFile } from '../helpers/oai-files.js';

let api: DicomwebServer;

beforeAll(async () => {
  api = await startDicomwebServer();
});

afterAll(() => api.close());

const BOUNDARY = 'a-boundary';

function messageOf(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`), part]),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

interface Answer {
  status: number;
  warning: string | null;
  stored: Json[];
  failures: unknown[];
  errors: { message: string }[] | undefined;
}

async function send(path: string, body: Uint8Array): Promise<Answer> {
  const response = await fetch(`${api.url}/dicomweb${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.tokens.OPERATOR}`,
      'content-type': `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`,
    },
    body: new Uint8Array(body),
  });
  const json = (await response.json()) as Json & { errors?: { message: string }[] };
  const items = (tag: string) => (json[tag]?.Value ?? []) as Json[];
  return {
    status: response.status,
    warning: response.headers.get('warning'),
    stored: items('00081199'),
    failures: items('00081198').map((item) => valueOf(item, '00081197')),
    errors: json.errors,
  };
}

const store = (path: string, ...parts: Uint8Array[]) => send(path, messageOf(parts));

/** A film of participant 9000001, as a hospital sends it. */
const filmOf = (barcode: string, elements = {}, id = '9000001') =>
  filmFile(id, barcode, { elements: { PatientName: 'Doe^Jane', PatientBirthDate: '19500102', ...elements } });

/** The same object under another UID, of the same length. */
function renamed(file: Uint8Array, uid: string): Uint8Array {
  const other = `${uid.slice(0, -2)}${uid.endsWith('11') ? '12' : '11'}`;
  return Buffer.from(Buffer.from(file).toString('latin1').replaceAll(uid, other), 'latin1');
}

const V00 = '/studies?visit=V00';
const films = () => api.dataSource.getRepository(Radiograph);
const quarantined = () => api.dataSource.getRepository(QuarantinedImage);
const uidOf = (item: Json | undefined) => String(valueOf(item, '00081155'));

test('a film that names a participant becomes a film of theirs, without its patient, and the same film again is the one there is', async () => {
  const first = await store(V00, filmOf('101'));
  const again = await store(V00, filmOf('101'));

  expect([first.status, again.status]).toEqual([200, 200]);
  expect(first.stored[0]).toMatchObject({
    '00081196': { vr: 'US', Value: [0xb000] },
    '04000561': { Value: [{ '04000550': { Value: [{ '00080018': { Value: [dicomUid('film', '101')] } }] } }] },
  });
  expect(uidOf(again.stored[0])).toBe(uidOf(first.stored[0]));
  const [found, ...others] = await api.search(`/instances?SOPInstanceUID=${uidOf(first.stored[0])}&includefield=all`);
  expect(others).toEqual([]);
  expect(valueOf(found, '00100020')).toBe('9000001');
  const response = await fetch(String(valueOf(first.stored[0], '00081190')), {
    headers: { authorization: `Bearer ${api.tokens.READER}` },
  });
  expect((await partsOf(response))[0]!.bytes.toString('latin1')).not.toMatch(/Doe|Jane|19500102/);
  expect(await hunt(api, ['Doe', '19500102', dicomUid('film', '101')])).toEqual([]);
  const film = await films().findOneByOrFail({ sopInstanceUid: uidOf(first.stored[0]) });
  expect(film).toMatchObject({ provenance: 'REAL', importedBy: 'DICOMweb: operator', examId: null, barcode: null });
  expect(await api.dataSource.getRepository(UploadedRadiograph).count()).toBe(0);
});

test('what came by one request is one import in the list, and is in the audit as the token did it, without the participant', async () => {
  const { status } = await store(V00, filmOf('102'), filmOf('103'));

  expect(status).toBe(200);
  const [newest] = await listImports(api.dataSource, 1);
  expect(newest).toMatchObject({ by: 'DICOMweb: operator', ended: true, images: { inserted: 2, refused: 0 } });
  const entries = await api.dataSource
    .getRepository(AuditEntry)
    .find({ where: { action: 'import' }, order: { id: 'DESC' }, take: 2 });
  const operator = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'operator' });
  expect(entries.map(({ tokenId }) => tokenId)).toEqual([operator.id, operator.id]);
  expect(JSON.stringify(entries)).not.toContain('9000001');
  expect(entries[0]).toMatchObject({ detail: { visit: 'V00', from: 'DICOMweb: operator', outcomes: ['inserted'] } });
});

test('slices become a series of the knee that is stated, whole, whatever order they come in and whatever comes between', async () => {
  const slices = [2, 0, 1].map((slice) => sliceFile('HOSPITAL-7', '201', slice));
  const { status, stored, failures } = await store(
    '/studies?participant=9000001&visit=V00&side=LEFT',
    slices[0]!,
    filmOf('104', {}, 'HOSPITAL-7'),
    slices[1]!,
    Buffer.from('no file'),
    slices[2]!,
  );

  expect([status, failures]).toEqual([202, [0xc000]]);
  expect(stored).toHaveLength(4);
  const series = await api.dataSource
    .getRepository(MriSeries)
    .findOneOrFail({ where: { importedBy: 'DICOMweb: operator' }, relations: { exam: { participant: true } } });
  expect(series).toMatchObject({ sliceCount: 3, exam: { side: 'LEFT', participant: { oaiId: '9000001' } } });
  const study = String(valueOf(stored[0], '00081190')).split('/')[5];
  const found = await api.search(`/studies/${study}/instances?Modality=MR`);
  expect(found).toHaveLength(3);
  const kept = new Set(found.map((item) => valueOf(item, '00080018')));
  expect(stored.filter((item) => kept.has(uidOf(item)))).toHaveLength(3);
  const film = await films().findOneOrFail({ where: {}, order: { id: 'DESC' }, relations: { exam: true } });
  expect(film.exam?.side).toBe('LEFT');
});

test('the visit and the knee may stand in the object itself', async () => {
  const elements = { ClinicalTrialTimePointID: 'V00', Laterality: 'R', SeriesDescription: 'KNEE' };
  const { stored } = await store('/studies', filmOf('105', elements));

  const film = await films().findOneOrFail({
    where: { sopInstanceUid: uidOf(stored[0]) },
    relations: { exam: { visit: true } },
  });
  expect(film.exam).toMatchObject({ side: 'RIGHT', visit: { code: 'V00' } });
});

test.each<[string, string, () => Uint8Array, string]>([
  ['a CT slice', V00, () => filmOf('111', { Modality: 'CT' }), 'it is of modality CT, which no radiograph is'],
  ['a chest', V00, () => filmOf('112', { BodyPartExamined: 'CHEST' }), 'it shows another part of the body (CHEST)'],
  [
    'the other knee',
    '/studies?participant=9000001&visit=V00&side=RIGHT',
    () => filmOf('113', { Laterality: 'L' }),
    'it shows the left knee, where the right one is expected',
  ],
  ['a stranger', V00, () => filmOf('114', {}, '9000009'), 'it is of a participant who is not in the database'],
  [
    'a visit that is not there',
    '/studies?visit=V08',
    () => filmOf('115'),
    'it is of a visit that is not in the database',
  ],
  [
    'somebody else than is stated',
    '/studies?participant=9000001&visit=V00',
    () => filmOf('116', {}, '9000002'),
    'it is of another participant than the one that is stated',
  ],
  [
    'a synthetic film of a person',
    V00,
    () => filmOf('117', { SyntheticData: 'YES' }),
    'it is synthetic, where the participant is a person',
  ],
])('%s waits in quarantine', async (_, path, file, contradiction) => {
  const before = await films().count();
  const { status, failures, warning } = await store(path, file());

  expect([status, failures]).toEqual([409, [0xc101]]);
  expect(warning).toContain(`The object says that ${contradiction}; it waits in quarantine`);
  const [held] = await quarantined().find({ order: { id: 'DESC' }, take: 1 });
  expect(held).toMatchObject({ contradiction, file: 'DICOMweb: operator', state: 'OPEN', kind: 'RADIOGRAPH' });
  expect(await films().count()).toBe(before);
  const entry = await api.dataSource
    .getRepository(AuditEntry)
    .findOneByOrFail({ action: 'import.quarantined', target: String(held!.id) });
  expect(entry.detail).toMatchObject({ contradiction });
});

test('a stranger whom an operator accepts is in the database once the object is sent again; one who is rejected is refused for good', async () => {
  const decide = async (barcode: string, id: string, state: 'ACCEPTED' | 'REJECTED') => {
    await store(V00, filmOf(barcode, {}, id));
    const [held] = await quarantined().find({ order: { id: 'DESC' }, take: 1 });
    await resolveQuarantined(api.dataSource, COMMAND_LINE, held!.id, { state, reason: 'asked the clinic' });
    return store(V00, filmOf(barcode, {}, id));
  };

  const accepted = await decide('121', '9000021', 'ACCEPTED');
  const rejected = await decide('122', '9000022', 'REJECTED');

  expect([accepted.status, rejected.status]).toEqual([200, 409]);
  expect(await api.search('/studies?PatientID=9000021')).toHaveLength(1);
  expect(rejected.failures).toEqual([0xc000]);
  expect(rejected.warning).toContain('it was rejected: asked the clinic.');
  expect(await api.search('/studies?PatientID=9000022')).toEqual([]);
});

test("an image that is somebody else's waits in quarantine without their name, and cannot be accepted", async () => {
  await store(V00, filmOf('131'));
  const { status, failures, warning } = await store(V00, filmOf('131', {}, '9000021'));

  expect([status, failures]).toEqual([409, [0xc101]]);
  expect(warning).toContain('it is the image that another participant has already');
  expect(warning).not.toContain('9000001');
  const [held] = await quarantined().find({ order: { id: 'DESC' }, take: 1 });
  await expect(
    resolveQuarantined(api.dataSource, COMMAND_LINE, held!.id, { state: 'ACCEPTED', reason: 'I say so' }),
  ).rejects.toThrow('An image has one owner and cannot be accepted for another');
  const film = await films().findOneOrFail({
    where: { sopInstanceUid: uidOf((await store(V00, filmOf('131'))).stored[0]) },
    relations: { visit: { participant: true } },
  });
  expect(film.visit?.participant.oaiId).toBe('9000001');
});

test('the same pixels as another object are refused, and so is a part of a series that is kept whole', async () => {
  await store(V00, filmOf('141'));
  const twin = await store(V00, renamed(filmOf('141'), dicomUid('film', '141')));
  const slices = [0, 1, 2].map((slice) => sliceFile('9000001', '204', slice));
  const { stored } = await store(V00, ...slices);
  const part = await store(V00, ...slices.slice(1));

  expect([twin.status, twin.failures]).toEqual([409, [0x0110]]);
  expect(twin.warning).toContain('The pixels are kept already, as other objects of the participant.');
  expect([part.status, part.failures]).toEqual([409, [0xc000, 0xc000]]);
  expect(part.warning).toContain('The series lacks 1 of the 3 objects that are kept of it; send the series whole.');
  const [found] = await api.search(`/series?SOPInstanceUID=${uidOf(stored[0])}`);
  expect(valueOf(found, '00201209')).toBe(3);
});

test.each<[string, string, () => Uint8Array, number, string]>([
  ['an object that names no visit', '/studies', () => filmOf('151'), 0xc000, 'does not say which visit it is of'],
  [
    'a series that names no knee',
    V00,
    () => sliceFile('9000001', '202', 0, { elements: { SeriesDescription: 'SAG', StudyDescription: 'KNEE' } }),
    0xc000,
    'does not say which knee it shows',
  ],
  ['an object of another study', '/studies/1.2.3?visit=V00', () => filmOf('152'), 0xa900, 'of another study'],
  ['text burned into the pixels', V00, () => filmOf('153', { BurnedInAnnotation: 'YES' }), 0xc000, 'text is burned'],
])('%s is refused', async (_, path, file, code, words) => {
  const { status, failures, warning } = await store(path, file());

  expect([status, failures]).toEqual([409, [code]]);
  expect(warning).toContain(words);
});

test('what was made here is refused when a PACS sends it back', async () => {
  const generation = await makeGenerated(api);
  const [series] = await api.search('/series?SyntheticData=YES');
  const path = `/studies/${String(valueOf(series, '0020000D'))}/series/${String(valueOf(series, '0020000E'))}`;
  const made = await partsOf(await api.get(path));

  const { status, failures, warning } = await store(V00, ...made.map(({ bytes }) => bytes));

  expect(generation.state).toBe('SUCCEEDED');
  expect([status, failures]).toEqual([409, [0x0110, 0x0110]]);
  expect(warning).toContain('The object was made by a bundle of Osteograph');
});

test.each([
  ['/studies?participant=12', "A participant's id has seven digits"],
  ['/studies?visit=V99', 'visit is "V99"; accepted: V00'],
  ['/studies?side=BOTH', 'side is "BOTH"; accepted: RIGHT, LEFT.'],
  ['/studies?patient=9000001', 'There is no parameter "patient"; accepted: participant, visit, side.'],
  ['/studies?visit=V00&visit=V01', 'visit is given twice.'],
])('%s is refused as a whole', async (path, words) => {
  const { status, errors } = await store(path, filmOf('161'));

  expect(status).toBe(400);
  expect(errors![0]!.message).toContain(words);
});

test('a request that breaks off leaves nothing of its series, neither in the database nor on the disk', async () => {
  const series = () => api.dataSource.getRepository(MriSeries).count();
  const [before, scratch] = [await series(), await scratchFolders()];
  const whole = messageOf([0, 1, 2].map((slice) => sliceFile('9000001', '203', slice)));

  const { status } = await send('/studies?visit=V00', whole.subarray(0, whole.length - 300));

  expect(status).toBe(400);
  expect(await series()).toBe(before);
  await untilGone(new Set((await scratchFolders()).filter((name) => !scratch.includes(name))));
});

async function scratchFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('osteograph-store-'));
}

/** Waits until none of the folders is there: some may be of other test files, which remove theirs. */
async function untilGone(folders: ReadonlySet<string>): Promise<void> {
  const watcher = watch(tmpdir());
  try {
    for (;;) {
      const changed = once(watcher, 'change');
      if (!(await scratchFolders()).some((name) => folders.has(name))) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

test('nothing of a participant who has withdrawn is stored', async () => {
  const path = await api.files.write('leaves.dcm', filmFile('9000031', '171'));
  await addImages(api.dataSource, path, { oaiId: '9000031', visit: 'V00' }, { store: api.store, create: true });
  const erasers = { dataSource: api.dataSource, store: api.store };
  await eraseParticipant(erasers, COMMAND_LINE, { oaiId: '9000031', dryRun: false });

  const { status, failures, warning } = await store(V00, filmOf('171', {}, '9000031'));

  expect([status, failures]).toEqual([409, [0x0110]]);
  expect(warning).toContain('the participant has withdrawn consent and was erased');
  expect(await quarantined().countBy({ oaiId: '9000031' })).toBe(0);
});

test('an import that is running is waited for, and not for ever', async () => {
  const order: string[] = [];
  let end: () => void = () => undefined;
  const running = new Promise<void>((resolve) => (end = resolve));
  let begun: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (begun = resolve));
  const first = withImportLock(api.dataSource, async () => {
    order.push('first');
    begun();
    await running;
  });
  await held;
  const inVain = withImportLock(api.dataSource, async () => undefined, { waitMs: 1 });

  await expect(inVain).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const second = withImportLock(api.dataSource, async () => void order.push('second'), { waitMs: 60_000 });
  end();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});
