import { createHash } from 'node:crypto';
import { AuditEntry, type MriSeries } from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { decodePng } from '../../src/imaging/png.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';
import { storeAsset } from '../../src/storage/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { unzipped } from '../helpers/zip.js';

let api: TestServer;
let generated: MriSeries;
let taken: MriSeries;
const volume = grid();

beforeAll(async () => {
  api = await startTestServer();
  const { make, dataSource, store } = api;
  const person = await make.participant({ oaiId: '9000001', phantom: false });
  const exam = await make.exam(await make.visit(person, { date: '2004-10-28' }));
  const film = await make.radiograph(exam);
  const nifti = await encodeNifti(volume, 'test');
  const asset = await storeAsset(dataSource.manager, store, nifti, 'application/gzip');
  const bundle = await make.bundle({ name: 'knee-bundle', version: '2.0.0' });
  const generation = await make.generation(exam, film, bundle, { state: 'SUCCEEDED', seed: 3 });
  const shape = { sliceCount: 3, assetId: asset.id };
  generated = await make.series(exam, { ...shape, sequence: 'SYNTHETIC_COR', generationId: generation.id });
  const origin = { barcode: '016610000009', provenance: 'REAL', sponsor: null } as const;
  taken = await make.series(exam, { ...shape, ...origin, acquisition });
});

afterAll(() => api.close());

const acquisition = {
  ...{ echoTime: 4.7, repetitionTime: 20, inversionTime: null, flipAngle: 12, fieldStrength: 3, pixelBandwidth: 130 },
  ...{ sliceThickness: 1.5, averages: 1, manufacturer: 'SIEMENS', model: 'Trio', receiveCoil: 'QTR_Knee' },
};

function grid(): Volume {
  const size = [6, 5, 3] as const;
  const data = Uint16Array.from({ length: 6 * 5 * 3 }, (_, index) => index * 700);
  const spacing = [0.625, 0.625, 1.5] as const;
  return {
    columns: 6,
    rows: 5,
    slices: 3,
    data,
    spacing,
    affine: centredAffine('CORONAL', size, spacing),
    placement: 'SCANNER',
  };
}

type Downloads = Record<
  'dicom' | 'slicePngs' | 'montage',
  { url: string; expiresAt: string; mediaType: string } | null
>;

async function downloads({ id }: MriSeries, token?: string): Promise<Downloads> {
  const fields = ['dicom', 'slicePngs', 'montage'].map((name) => `${name} { url expiresAt mediaType }`).join(' ');
  const { data } = await api.ask<{ node: Downloads }>(
    `query ($id: ID!) { node(id: $id) { ... on MriSeries { ${fields} } } }`,
    { id: encodeId('MriSeries', id) },
    token,
  );
  return data!.node;
}

async function fetched(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ response: Response; bytes: Buffer }> {
  const response = await fetch(api.url + url, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

test('a generated series is fetched as DICOM that says it is synthetic, twice the same', async () => {
  const { url, mediaType } = (await downloads(generated)).dicom!;
  const [first, second] = [await fetched(url), await fetched(url)];
  const files = await unzipped(first.bytes);

  expect(mediaType).toBe('application/zip');
  expect(second.bytes).toEqual(first.bytes);
  expect(first.response.headers.get('content-disposition')).toBe(
    `attachment; filename="knee-bundle-2.0.0_seed3_s${generated.id}.dicom.zip"`,
  );
  expect([...files.keys()].map((path) => path.split('/')[1])).toEqual(['001.dcm', '002.dcm', '003.dcm']);
  const slices = [...files].map(([name, bytes]) => readDicom({ name, bytes }));
  for (const [index, { attributes, pixels }] of (await Promise.all(slices)).entries()) {
    expect(attributes).toMatchObject({ synthetic: true, patientId: '9000001', seriesDescription: 'SYNTHETIC_COR' });
    expect(pixels).toEqual(volume.data.slice(index * 30, (index + 1) * 30));
  }
});

test('a series that was taken of a person is not called synthetic', async () => {
  const files = await unzipped((await fetched((await downloads(taken)).dicom!.url)).bytes);
  const [[name, bytes]] = [...files] as [[string, Buffer]];

  const { sliceThickness: _, echoTime, ...rest } = acquisition;
  expect((await readDicom({ name, bytes })).attributes).toMatchObject({
    synthetic: false,
    echoTime,
    acquisition: rest,
  });
  expect(name).toBe('COR_T1_3D_FLASH_RIGHT_016610000009/001.dcm');
});

test('how the scanner took it is asked for; of a generated series nothing did', async () => {
  const query = `query ($id: ID!) { node(id: $id) { ... on MriSeries { acquisition {
    echoTime repetitionTime inversionTime flipAngle fieldStrength pixelBandwidth sliceThickness averages manufacturer model receiveCoil } } } }`;
  const ask = async ({ id }: MriSeries) => (await api.ask(query, { id: encodeId('MriSeries', id) })).data;

  expect(await ask(taken)).toEqual({ node: { acquisition } });
  expect(await ask(generated)).toEqual({ node: { acquisition: null } });
});

test('the slices come as 16-bit PNG files and as one picture', async () => {
  const { slicePngs, montage } = await downloads(generated);
  const files = await unzipped((await fetched(slicePngs!.url)).bytes);
  const picture = await fetched(montage!.url);

  expect([...files.values()].map((png) => decodePng(png).data)).toEqual(
    [0, 1, 2].map((index) => volume.data.slice(index * 30, (index + 1) * 30)),
  );
  expect([...files.values()].every((png) => png.includes('SYNTHETIC'))).toBe(true);
  expect(picture.response.headers.get('content-type')).toBe('image/png');
  expect(decodePng(picture.bytes).columns).toBeGreaterThan(1000);
});

test('a range and a tag hold from one request to the next', async () => {
  const { url } = (await downloads(generated)).dicom!;
  const whole = await fetched(url);
  const etag = whole.response.headers.get('etag')!;
  const part = await fetched(url, { range: 'bytes=100-199', 'if-range': etag });

  expect(etag).toBe(`"${createHash('sha256').update(whole.bytes).digest('hex')}"`);
  expect([part.response.status, part.response.headers.get('content-range')]).toEqual([
    206,
    `bytes 100-199/${whole.bytes.length}`,
  ]);
  expect(part.bytes).toEqual(whole.bytes.subarray(100, 200));
  expect((await fetched(url, { 'if-none-match': etag })).response.status).toBe(304);
  expect((await fetched(url, { range: `bytes=${whole.bytes.length}-` })).response.status).toBe(416);
});

test('a URL is good for one form of one series until it expires, and leaves an audit row', async () => {
  const { url } = (await downloads(generated, api.tokens.READER)).montage!;
  await fetched(url);
  const other = url.replace(`/${generated.id}/`, `/${taken.id}/`);
  const tampered = [other, url.replace('montage.png', 'dicom.zip'), url.replace(/expires=\d+/, 'expires=1')];

  for (const wrong of tampered) expect((await fetched(wrong)).response.status).toBe(403);
  const entry = await api.dataSource.getRepository(AuditEntry).findOneOrFail({
    where: { action: 'series.download' },
    order: { id: 'DESC' },
  });
  expect(entry).toMatchObject({ target: String(generated.id), detail: { file: 'montage.png' } });
});

test('a series without pixels has no downloads', async () => {
  const bare = await api.make.series(await api.make.exam(await api.make.visit(await api.make.participant())));

  expect(await downloads(bare)).toEqual({ dicom: null, slicePngs: null, montage: null });
});

test('what a bundle generated tells where it comes from', async () => {
  const { data } = await api.ask<{ node: { generation: { provenance: object } } }>(
    'query ($id: ID!) { node(id: $id) { ... on MriSeries { generation { provenance } } } }',
    { id: encodeId('MriSeries', generated.id) },
  );

  expect(data!.node.generation.provenance).toMatchObject({
    synthetic: true,
    bundle: { name: 'knee-bundle', version: '2.0.0' },
    seed: 3,
    code: null,
  });
});
