import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { packageRoot } from '../../src/domain/package.js';
import { Asset, AuditEntry, DicomSeries, type KneeExam, Radiograph } from '../../src/entities/index.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { addImages, importRelease } from '../../src/services/imports/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { deleteGeneration } from '../../src/services/generations/index.js';
import {
  type DicomwebServer,
  type Json,
  keepGolden,
  makeGenerated,
  makeRestored,
  partsOf,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { hunt } from '../helpers/hunt.js';
import { filmFile } from '../helpers/oai-files.js';

let api: DicomwebServer;
/** Path of the MRI series of three slices, and of its first slice. */
let series: string;
let slice: string;

beforeAll(async () => {
  api = await startDicomwebServer();
  const [first] = await api.search('/instances?Modality=MR');
  series = pathOf(first!, ['0020000D', '0020000E']);
  slice = pathOf(first!, ['0020000D', '0020000E', '00080018']);
});

afterAll(() => api.close());

function pathOf(json: Json, tags: readonly string[]): string {
  const names = ['studies', 'series', 'instances'];
  return tags.map((tag, index) => `/${names[index]}/${String(valueOf(json, tag))}`).join('');
}

/** Numbers that every file of test/golden/dicom of this shape holds. */
const GOLDEN = Array.from({ length: 40 * 48 }, (_, i) => (37 * Math.floor(i / 48) + 101 * (i % 48)) % 4096);

const EXPLICIT = '1.2.840.10008.1.2.1';

test('a study, a series and an instance come as DICOM files, part by part', async () => {
  for (const [path, count] of [
    [series.slice(0, series.indexOf('/series')), 3],
    [series, 3],
    [slice, 1],
  ] as const) {
    const response = await api.get(path, 'multipart/related; type="application/dicom"');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^multipart\/related; type="application\/dicom"; boundary=/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const parts = await partsOf(response);
    expect(parts).toHaveLength(count);
    expect(parts[0]!.head).toContain(`Content-Type: application/dicom; transfer-syntax=${EXPLICIT}`);
    expect(parts[0]!.head).toContain(`Content-Location: ${api.url}/dicomweb${slice}`);
    const { pixels } = await readDicom({ bytes: parts[0]!.bytes, name: 'slice' });
    // The most posterior slice is the first of the image, and the last that was numbered.
    expect(pixels[0]).toBe(102);
  }
});

test('one instance comes as one file for who asks for that', async () => {
  const response = await api.get(slice, 'application/dicom');

  expect(response.headers.get('content-type')).toBe('application/dicom');
  const { attributes } = await readDicom({ bytes: Buffer.from(await response.arrayBuffer()), name: 'slice' });
  expect(attributes).toMatchObject({ patientId: '9000001', modality: 'MR' });
});

describe.each([
  ['implicit-little.dcm', '1.2.840.10008.1.2'],
  ['explicit-big.dcm', '1.2.840.10008.1.2.2'],
  ['deflated.dcm', '1.2.840.10008.1.2.1.99'],
  ['rle.dcm', '1.2.840.10008.1.2.5'],
  ['jpeg-lossless.dcm', '1.2.840.10008.1.2.4.70'],
  ['jpeg-ls.dcm', '1.2.840.10008.1.2.4.80'],
  ['jpeg-2000.dcm', '1.2.840.10008.1.2.4.90'],
  ['htj2k.dcm', '1.2.840.10008.1.2.4.201'],
])('of %s', (name, syntax) => {
  let path: string;

  beforeAll(async () => {
    path = await keepGolden(api, name);
  });

  test.each([
    ['', EXPLICIT],
    [`; transfer-syntax=${EXPLICIT}`, EXPLICIT],
    ['; transfer-syntax=*', syntax],
    [`; transfer-syntax=${syntax}`, syntax],
  ])('who says "%s" gets the same pixels in %s', async (parameter, expected) => {
    const response = await api.get(path, `multipart/related; type="application/dicom"${parameter}`);
    const [{ head, bytes }] = (await partsOf(response)) as [{ head: string; bytes: Buffer }];

    expect(head).toContain(`transfer-syntax=${expected}`);
    const { attributes, pixels } = await readDicom({ bytes, name });
    expect(attributes).toMatchObject({ transferSyntax: expected, pixelSpacing: [0.5, 0.25], patientId: '9000001' });
    expect([...pixels]).toEqual(GOLDEN);
  });

  test('another transfer syntax is not acceptable', async () => {
    const other = name === 'jpeg-ls.dcm' ? '1.2.840.10008.1.2.4.90' : '1.2.840.10008.1.2.4.80';
    const response = await api.get(path, `multipart/related; type="application/dicom"; transfer-syntax=${other}`);

    expect(response.status).toBe(406);
    expect(await response.text()).toContain(`The object is in the transfer syntax ${syntax}`);
  });

  test('the frame and the bulk data come without compression', async () => {
    const [frame] = await partsOf(
      await api.get(`${path}/frames/1`, 'multipart/related; type=application/octet-stream; transfer-syntax=*'),
    );
    const bulk = await api.get(`${path}/bulkdata/7FE00010`, 'application/octet-stream');

    const bytes = Buffer.from(await bulk.arrayBuffer());
    expect([...new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)]).toEqual(GOLDEN);
    expect(frame!.bytes).toEqual(bytes);
    expect(frame!.head).toContain(`Content-Type: application/octet-stream; transfer-syntax=${EXPLICIT}`);
  });

  test('the metadata are those of the file, whatever its byte order', async () => {
    const [header] = (await (await api.get(`${path}/metadata`)).json()) as [Json];

    expect(header).toMatchObject({
      '00280010': { vr: 'US', Value: [40] },
      '00280011': { vr: 'US', Value: [48] },
      '00280030': { vr: 'DS', Value: [0.5, 0.25] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: '9000001' }] },
      '00120064': { vr: 'SQ' },
      '7FE00010': { BulkDataURI: `${api.url}/dicomweb${path}/bulkdata/7FE00010` },
    });
    expect(header).not.toHaveProperty('00020010');
  });
});

test('a frame comes compressed as it is stored for who takes that', async () => {
  const path = await keepGolden(api, 'rle.dcm');
  const [part] = await partsOf(await api.get(`${path}/frames/1`, 'multipart/related; type="image/dicom-rle"'));
  const single = await api.get(`${path}/frames/1`, 'image/dicom-rle');

  expect(part!.head).toContain('Content-Type: image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5');
  const file = await readFile(join(packageRoot, 'test/golden/dicom/rle.dcm'));
  expect(file.includes(part!.bytes.subarray(0, 500))).toBe(true);
  expect(single.headers.get('content-type')).toBe('image/dicom-rle');
  expect(Buffer.from(await single.arrayBuffer())).toEqual(part!.bytes);
});

test('frames of an image of several are told apart, and one that it does not have is not found', async () => {
  const path = await keepGolden(api, 'enhanced-mr.dcm');
  const all = await partsOf(await api.get(`${path}/frames/1,2,3`, '*/*'));
  const [third] = await partsOf(await api.get(`${path}/frames/3`, '*/*'));

  expect(all).toHaveLength(3);
  expect(all[2]!.bytes).toEqual(third!.bytes);
  expect(all[0]!.bytes).not.toEqual(third!.bytes);
  expect((await api.get(`${path}/frames/99`)).status).toBe(404);
  for (const frames of ['0', '-1', '1,', 'x', '1e3', '1,1', '1,2,1']) {
    expect((await api.get(`${path}/frames/${frames}`)).status).toBe(400);
  }
});

test('each frame is paid for', async () => {
  const path = await keepGolden(api, 'enhanced-mr.dcm');
  const { text } = await createToken(api.dataSource, { name: 'frames', role: 'READER' });

  const response = await api.get(`${path}/frames/1,2,3`, '*/*', text);

  await response.arrayBuffer();
  // Of ten million: the request, the object with its first frame, and two more frames.
  expect(response.headers.get('ratelimit')).toContain('"points";r=9999399;');
});

describe('rendered', () => {
  test('an instance is a JPEG or a PNG of its size, windowed as its header or the query says', async () => {
    const path = await keepGolden(api, 'explicit-little.dcm');
    const png = async (query = '', accept = 'image/png') => {
      const response = await api.get(`${path}/rendered${query}`, accept);
      expect(response.status).toBe(200);
      return { type: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) };
    };
    const grey = async (bytes: Buffer) => [...(await sharp(bytes).raw().toColourspace('b-w').toBuffer())];

    const whole = await png();
    expect(whole.type).toBe('image/png');
    const most = Math.max(...GOLDEN);
    expect(await grey(whole.bytes)).toEqual(GOLDEN.map((value) => Math.round((255 * value) / most)));
    // A window of 1000 around 2000 shows 1500 and less black, and 2499 and more white.
    const windowed = await grey((await png('?window=2000,1000,linear')).bytes);
    expect(windowed).toEqual(GOLDEN.map((value) => Math.round(255 * Math.min(Math.max((value - 1500) / 999, 0), 1))));
    expect((await png('', '*/*')).type).toBe('image/jpeg');
    expect((await sharp((await png('?viewport=24,24')).bytes).metadata()).width).toBe(24);
    expect((await png('?accept=image/png', 'image/jpeg')).type).toBe('image/png');
    expect(await (await api.get(`${path}/frames/1/rendered`, 'image/png')).arrayBuffer()).toEqual(
      Uint8Array.from(whole.bytes).buffer,
    );
  });

  test('MONOCHROME1 is shown with its low values bright, and what is synthetic says so', async () => {
    const path = await keepGolden(api, 'monochrome1.dcm');
    const picture = await (await api.get(`${path}/rendered`, 'image/png')).arrayBuffer();
    const [first] = await sharp(Buffer.from(picture)).raw().toBuffer();
    expect(first).toBe(255);

    await makeGenerated(api);
    const [generated] = await api.search('/instances?SyntheticData=YES');
    const synthetic = await api.get(`${pathOf(generated!, ['0020000D', '0020000E', '00080018'])}/rendered`);
    const { exif } = await sharp(Buffer.from(await synthetic.arrayBuffer())).metadata();
    expect(exif!.toString('latin1')).toContain('SYNTHETIC');
  });

  test.each(['window=1', 'window=1,0,linear', 'window=1,2,sigmoid', 'viewport=0,1', 'viewport=4097,1', 'quality=101'])(
    '%s is refused',
    async (query) => {
      expect((await api.get(`${slice}/rendered?${query}`)).status).toBe(400);
    },
  );
});

test('metadata of a series are a list of headers, a small binary value is in them and the pixels are where they say', async () => {
  const response = await api.get(`${series}/metadata`, 'application/json');
  const headers = (await response.json()) as Json[];

  expect(response.headers.get('content-type')).toBe('application/json');
  expect(headers).toHaveLength(3);
  expect(headers.map((header) => valueOf(header, '00200013'))).toEqual([3, 2, 1]);
  expect(headers[0]!['00200032']!.Value).toEqual([-80, -57, 80]);
  const bulk = await fetch(headers[0]!['7FE00010']!.BulkDataURI!, {
    headers: { authorization: `Bearer ${api.tokens.READER}` },
  });
  const [pixels] = await partsOf(bulk);
  expect(pixels!.bytes).toHaveLength(128);
  expect((await api.get(`${slice}/bulkdata/00100010`)).status).toBe(404);
  expect((await api.get(`${slice}/bulkdata/x`)).status).toBe(404);
});

test('addresses in answers are those by which the client, or the proxy in front, reached the server', async () => {
  const headers = { authorization: `Bearer ${api.tokens.READER}`, 'x-forwarded-proto': 'https' };
  const response = await fetch(`${api.url}/dicomweb/studies`, { headers });
  const [study] = (await response.json()) as Json[];

  expect(valueOf(study, '00081190')).toMatch(new RegExp(`^${api.url.replace('http', 'https')}/dicomweb/studies/`));
});

test('what a bundle has made is given as the platform exports it, and refers to the film that it was made from', async () => {
  await makeRestored(api);
  const [found] = await api.search('/instances?Modality=CR&SyntheticData=YES');
  const path = pathOf(found!, ['0020000D', '0020000E', '00080018']);
  const [header] = (await (await api.get(`${path}/metadata`)).json()) as [Json];
  const [film] = await api.search('/instances?Rows=96');

  expect(header).toMatchObject({ '0008001C': { Value: ['YES'] }, '00082112': { vr: 'SQ' } });
  const [source] = header['00082112']!.Value as Json[];
  expect(valueOf(source, '00081155')).toBe(valueOf(film, '00080018'));
});

test.each([
  ['/studies', 'application/dicom+xml', ''],
  ['/studies', 'text/html', ''],
  ['/studies', 'nonsense', ''],
  ['/studies', 'application/json; q=0', ''],
  ['SLICE', 'image/png', ''],
  ['SLICE', 'multipart/related; type="application/dicom+xml"', ''],
  ['SERIES', 'application/dicom', ''],
  ['SLICE', 'text/html, application/xml;q=0.9', '/metadata'],
  ['SLICE', 'image/gif', '/rendered'],
  ['SLICE', 'video/mp4', '/rendered'],
  ['SLICE', 'multipart/related; type="image/jp2"', '/frames/1'],
  ['SLICE', `${'a/b,'.repeat(2_000)}`, '/frames/1'],
  ['SLICE', 'image/png', '/bulkdata/7FE00010'],
])('%s as %s%s is not acceptable', async (path, accept, suffix) => {
  const where = path.replace('SLICE', slice).replace('SERIES', series) + suffix;
  const response = await api.get(where, accept);

  expect(response.status).toBe(406);
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(errors[0]!.extensions.code).toBe('NOT_ACCEPTABLE');
});

test('what is not there is not found, whatever is wrong with its name, and in the same words', async () => {
  const [study] = series.slice('/studies/'.length).split('/');
  const answers = await Promise.all(
    [
      '/studies/1.2.3',
      '/studies/nonsense',
      `/studies/${study}/series/1.2.3`,
      `${series}/instances/1.2.3`,
      `${series}/instances/%00`,
      `/studies/1.2.3/series/${series.split('/')[4]}`,
      `/studies/${'1'.repeat(65)}/metadata`,
    ].map(async (path) => {
      const response = await api.get(path);
      return [response.status, ((await response.json()) as { errors: { message: string }[] }).errors[0]!.message];
    }),
  );
  for (const answer of answers) expect(answer).toEqual([404, 'There is no such DICOM object.']);
});

test('nobody comes in without a token, and who may only count sees nothing by any door', async () => {
  const paths = [
    ...['/studies', '/series', '/instances', series, `${series}/metadata`, slice, `${slice}/frames/1`],
    ...[`${slice}/rendered`, `${slice}/frames/1/rendered`, `${slice}/bulkdata/7FE00010`, `${series}/instances`],
    ...[series.slice(0, series.indexOf('/series')), '/studies/1.2.3/series'],
  ];
  for (const path of paths) {
    expect((await fetch(`${api.url}/dicomweb${path}`)).status).toBe(401);
    const response = await api.get(path, undefined, api.tokens.SUMMARY);
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('9000001');
  }
});

test('each retrieval leaves a row in the audit, a search none, and no log has a UID', async () => {
  const entries = api.dataSource.getRepository(AuditEntry);
  const before = await entries.count();
  await (await api.get(`${slice}/frames/1`)).arrayBuffer();
  await (await api.get('/studies')).arrayBuffer();
  await fetch(`${api.url}/dicomweb${slice}`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${api.tokens.READER}` },
  });

  expect(await entries.count()).toBe(before + 1);
  const [entry] = await entries.find({ order: { id: 'DESC' }, take: 1 });
  const [, , study, , seriesUid, , instance] = slice.split('/');
  expect(entry).toMatchObject({
    action: 'dicom.download',
    target: `${study} ${seriesUid}`,
    detail: { what: 'frames 1', instances: 1, place: 1 },
  });
  const lines = JSON.stringify(api.log);
  expect(lines).toContain('/dicomweb/studies/:uid/series/:uid/instances/:uid/frames/');
  expect(lines).not.toContain(instance);
});

test.each([
  ['/DICOMweb/studies/1.2.840.55', '/DICOMweb/studies/:uid'],
  ['/dicomweb/studies/1.2%2e840.55', '/dicomweb/studies/:uid'],
  ['/dicomweb/studies%2F1.2.840.55', '/dicomweb/studies/:uid'],
  ['/dicomweb/STUDIES/1.2.840.55x/Series/Doe', '/dicomweb/STUDIES/:uid/Series/:uid'],
  ['/dicomweb/studies/1.2.840.55%zz/metadata', '/dicomweb/studies/:uid/metadata'],
  ['/dicomweb/1.2.840.55', '/dicomweb/:uid'],
  [`/Assets/%41${'a'.repeat(63)}`, '/Assets/:sha256'],
])('the log has %s without whose it is', async (path, logged) => {
  const from = api.log.length;

  await (await fetch(api.url + path)).arrayBuffer();

  const lines = api.log.slice(from).filter((line) => 'path' in line);
  expect(lines.map((line) => line['path'])).toEqual([logged]);
});

test('a generation that is deleted is gone at once', async () => {
  const generation = await makeGenerated(api);
  const known = new Set((await api.search('/series')).map((series) => valueOf(series, '0020000E')));
  const { id } = generation;

  await deleteGeneration(api, COMMAND_LINE, id);

  const left = await api.search('/series');
  expect(left).toHaveLength(known.size - 1);
});

test('an object whose file is lost is unavailable, and the search goes on', async () => {
  const path = await keepGolden(api, 'bytes.dcm');
  const [asset] = await api.dataSource.getRepository(Asset).find({ order: { id: 'DESC' }, take: 1 });
  await api.store.delete(asset!.storageKey);

  const response = await api.get(path);

  expect(response.status).toBe(503);
  expect(await response.text()).toContain('The file of these DICOM objects is not in the blob store.');
  expect((await api.get('/studies')).status).toBe(200);
});

test('of somebody who is erased nothing is found any more, at once', async () => {
  expect((await api.get(slice)).status).toBe(200);

  await eraseParticipant(api, COMMAND_LINE, { oaiId: '9000001' });

  for (const path of [slice, series, `${slice}/rendered`, `${slice}/metadata`, `${slice}/frames/1`]) {
    expect((await api.get(path)).status).toBe(404);
  }
  expect(await api.search('/studies')).toEqual([]);
  expect(await api.dataSource.getRepository(DicomSeries).count()).toBe(0);
  const [, , study, , seriesUid, , instance] = slice.split('/') as string[];
  expect(await hunt(api, [study!, seriesUid!, instance!])).toEqual([]);
});

test('an erasure takes UIDs of objects that an import has replaced out of the audit, too', async () => {
  const add = async (barcode: string) => {
    const path = await api.files.write('corrected.dcm', filmFile('', barcode));
    await addImages(api.dataSource, path, { oaiId: '9000009', visit: 'V00' }, { store: api.store, create: true });
    const [found] = await api.search('/series?PatientID=9000009');
    return found!;
  };
  const before = await add('21');
  await (await api.get(`${pathOf(before, ['0020000D', '0020000E'])}/metadata`)).arrayBuffer();
  const after = await add('22');
  const uids = ['0020000D', '0020000E'].map((tag) => String(valueOf(before, tag)));
  expect(uids).not.toContain(valueOf(after, '0020000E'));
  expect(await hunt(api, uids)).not.toEqual([]);

  await eraseParticipant(api, COMMAND_LINE, { oaiId: '9000009' });

  expect(await hunt(api, uids)).toEqual([]);
});

test("of two films that share a UID the release's is given, and of two of no release the newest", async () => {
  const write = (name: string, barcode: string, side: number) =>
    api.files.write(name, filmFile('9000007', barcode, { side }));
  const add = async (path: string) =>
    addImages(api.dataSource, path, { oaiId: '9000007', visit: 'V00' }, { store: api.store, create: true });
  const rowsGiven = async (barcode: string) => {
    const [film] = await api.dataSource.query<{ uid: string }[]>(
      'SELECT sop_instance_uid AS uid FROM radiograph WHERE sop_instance_uid IS NOT NULL ORDER BY id DESC LIMIT 1',
    );
    const [found] = await api.search(`/instances?SOPInstanceUID=${film!.uid}`);
    const path = pathOf(found!, ['0020000D', '0020000E', '00080018']);
    const parts = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
    return Promise.all(parts.map(async ({ bytes }) => (await readDicom({ bytes, name: barcode })).attributes.rows));
  };
  const byHand = '016600000031';
  await add(await write('one.dcm', byHand, 96));
  expect(await rowsGiven(byHand)).toEqual([96]);
  const [used] = await api.dataSource.getRepository(Radiograph).find({ order: { id: 'DESC' }, take: 1 });
  const [exam] = await api.dataSource.query<KneeExam[]>(
    `SELECT e.id FROM knee_exam e JOIN participant p ON p.id = e.participant_id WHERE p.oai_id = '9000007' LIMIT 1`,
  );
  await api.make.generation(exam!, used!, await api.make.bundle());
  await add(await write('another.dcm', byHand, 100));
  expect(await rowsGiven(byHand)).toEqual([100]);

  const released = '016600000032';
  await write('release/00m/0.C.2/9000007/20040623/00000032/001', released, 96);
  await importRelease(api.dataSource, `${api.files.path}/release`, { store: api.store });
  await add(await write('corrected.dcm', released, 100));

  expect(await rowsGiven(released)).toEqual([96]);
});
