import { join } from 'node:path';
import { GenerationOutput, KneeExam, Participant, UploadedRadiograph, Radiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { isOwnResult } from '../../src/services/dicom-objects/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { unshared } from '../../src/services/erasures/rewrite.js';
import { deleteGeneration } from '../../src/services/generations/index.js';
import { addImages } from '../../src/services/imports/index.js';
import { readAsset } from '../../src/storage/index.js';
import {
  type DicomwebServer,
  type Json,
  makeGenerated,
  makeRestored,
  partsOf,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { hunt } from '../helpers/hunt.js';
import { upload } from '../helpers/radiographs.js';

let api: DicomwebServer;

beforeEach(async () => {
  api = await startDicomwebServer();
});

afterEach(() => api.close());

const STUDIES = '/studies?participant=9000001&visit=V00';
const REFUSAL = 'made by a bundle of Osteograph';

/** The path of the series that was made; the study is the film's. */
async function pathOfMade(): Promise<string> {
  const [series] = await api.search('/series?SyntheticData=YES&Modality=CR');
  return `/studies/${String(valueOf(series, '0020000D'))}/series/${String(valueOf(series, '0020000E'))}`;
}

async function givenOut(): Promise<Uint8Array> {
  const [part] = await partsOf(await api.get(await pathOfMade()));
  return part!.bytes;
}

/** The same film as its address, and an archive of an export, give it. */
async function asMade(generationId: string): Promise<Uint8Array> {
  const { asset } = await api.dataSource
    .getRepository(GenerationOutput)
    .findOneOrFail({ where: { generationId }, relations: { asset: true } });
  return readAsset(api.store, asset);
}

async function sendBack(bytes: Uint8Array, path: string): Promise<Json> {
  const head = '\r\n--b\r\nContent-Type: application/dicom\r\n\r\n';
  const response = await fetch(`${api.url}/dicomweb${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.tokens.OPERATOR}`,
      'content-type': 'multipart/related; type="application/dicom"; boundary=b',
    },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--b--\r\n')]),
  });
  expect(response.headers.get('warning')).toContain(REFUSAL);
  return (await response.json()) as Json;
}

const counts = () =>
  Promise.all([Radiograph, UploadedRadiograph].map((entity) => api.dataSource.getRepository(entity).count()));

test('a result that comes back is refused by each door, as it was given out and as it was made, though it was deleted since', async () => {
  const generation = await makeRestored(api);
  const files = [await asMade(generation.id), await givenOut()];
  const before = await counts();
  const everyDoor = async () => {
    for (const [index, bytes] of files.entries()) {
      for (const path of [STUDIES, '/studies']) {
        const answer = await sendBack(bytes, path);
        expect((answer['00081198']!.Value as Json[]).map((item) => valueOf(item, '00081197'))).toEqual([0x0110]);
      }
      for (const back of [bytes, stripped(bytes)]) {
        expect((await upload(api.url, api.tokens.OPERATOR, back)).message).toContain(REFUSAL);
      }
      const file = await api.files.write(`back-${index}.dcm`, bytes);
      const options = { store: api.store, create: true };
      await expect(addImages(api.dataSource, file, { oaiId: '9000001', visit: 'V00' }, options)).rejects.toThrow(
        REFUSAL,
      );
    }
  };

  await everyDoor();
  await deleteGeneration(api, COMMAND_LINE, generation.id);
  await everyDoor();

  expect(await counts()).toEqual(before);
});

/** An object of which a PACS took our own elements out. */
function stripped(bytes: Uint8Array): Uint8Array {
  const creator = Buffer.from('OSTEOGRAPH', 'latin1');
  const [copy, at] = [Buffer.from(bytes), Buffer.from(bytes).lastIndexOf(creator)];
  return copy.fill('X', at, at + creator.length);
}

test('a volume that was made is no series of anybody, though a PACS took our own elements out of it', async () => {
  await makeGenerated(api);
  const [series] = await api.search('/series?SyntheticData=YES&Modality=MR');
  const path = `/studies/${String(valueOf(series, '0020000D'))}/series/${String(valueOf(series, '0020000E'))}`;
  const parts = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
  for (const [index, { bytes }] of parts.entries()) await api.files.write(`back/${index}.dcm`, stripped(bytes));
  const to = { oaiId: '9000001', visit: 'V00', side: 'RIGHT' } as const;

  await expect(addImages(api.dataSource, join(api.files.path, 'back'), to, { store: api.store })).rejects.toThrow(
    REFUSAL,
  );
});

test('a deleted result is known though its exam is gone, as by the undoing of an import', async () => {
  const { dataSource, make } = api;
  const participant = await dataSource.getRepository(Participant).findOneByOrFail({ oaiId: '9000001' });
  const exam = await make.exam(await make.visit(participant, { code: 'V01' }));
  const generation = await makeRestored({ ...api, exam });
  const seriesUid = (await pathOfMade()).split('/').at(-1)!;
  await deleteGeneration(api, COMMAND_LINE, generation.id);
  await dataSource.getRepository(KneeExam).delete({ id: exam.id });

  expect(await isOwnResult(dataSource, { seriesUid, madeByBundle: false })).toBe(true);
});

test('UIDs by which results of somebody else are known stay when a participant is erased', async () => {
  await makeRestored(api);
  await api.dataSource.query(
    `UPDATE dicom_series SET made_from = '{"studyUid": "2.25.40", "seriesUid": "2.25.41"}', former_uids = '{2.25.42}' WHERE generation_id IS NOT NULL`,
  );

  const { manager } = api.dataSource;
  expect(await unshared(manager, ['2.25.41'])).toEqual([]);
  expect(await unshared(manager, ['2.25.42', '2.25.43'])).toEqual(['2.25.43']);
});

test('an erasure takes every UID of results out of the audit, those of deleted ones and those from before an upgrade too', async () => {
  const [kept, deleted] = [await makeGenerated(api), await makeRestored(api)];
  const ofDeleted = await pathOfMade();
  await api.get(ofDeleted);
  const [series] = await api.search('/series?SyntheticData=YES&Modality=MR');
  const ofKept = `/studies/${String(valueOf(series, '0020000D'))}/series/${String(valueOf(series, '0020000E'))}`;
  await api.get(ofKept);
  const [{ former }] = await api.dataSource.query<[{ former: string[] }]>(
    'SELECT former_uids AS former FROM dicom_series WHERE generation_id = $1',
    [kept.id],
  );
  // As it was fetched before what was made went into studies of images.
  await api.dataSource.query(
    `UPDATE audit_entry SET target = $1 WHERE id = (SELECT max(id) FROM audit_entry WHERE action = 'dicom.download')`,
    [former.join(' ')],
  );
  await deleteGeneration(api, COMMAND_LINE, deleted.id);
  const uids = [...ofKept.split('/'), ...ofDeleted.split('/'), ...former].filter((part) => /^[\d.]+$/.test(part));
  expect(new Set(uids).size).toBe(5);
  const found = await hunt(api, uids);
  expect(new Set(found.map((place) => place.split(' ')[0]))).toEqual(
    new Set(['audit_entry', 'blob', 'dicom_series', 'former_result', 'original_object']),
  );

  await eraseParticipant(api, COMMAND_LINE, { oaiId: '9000001' });

  expect(await hunt(api, uids)).toEqual([]);
});
