import { encodeId } from '../../src/domain/global-ids.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { storeAsset } from '../../src/storage/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let seriesId: string;

beforeAll(async () => {
  api = await startTestServer();
  const { make, dataSource, store } = api;
  const exam = await make.exam(await make.visit(await make.participant()), { grades: { XRKL: 3 } });
  const film = await storeAsset(dataSource.manager, store, Buffer.from('a film'), 'image/png');
  await make.radiograph(exam, { assetId: film.id });
  const spacing = [0.6, 0.6, 1.5] as const;
  const grid = { columns: 4, rows: 4, slices: 2, spacing, affine: centredAffine('CORONAL', [4, 4, 2], spacing) };
  const volume = { ...grid, data: new Uint16Array(32), placement: 'SCANNER' } as const;
  const asset = await storeAsset(dataSource.manager, store, await encodeNifti(volume, 'test'), 'application/gzip');
  const series = await make.series(exam, { sliceCount: 2, assetId: asset.id });
  seriesId = encodeId('MriSeries', series.id);
});

afterAll(() => api.close());

interface Url {
  url: string;
}

/** Addresses of a film, a volume and what is made of it, as a token is given them. */
async function addresses(token: string): Promise<string[]> {
  const { data, errors } = await api.ask<{
    kneeExams: { nodes: { kl: number; radiograph: { image: Url }; mriSeries: Record<string, Url>[] }[] };
  }>(
    '{ kneeExams { nodes { kl radiograph { image { url } } mriSeries { volume { url } dicom { url } slicePngs { url } montage { url } } } } }',
    {},
    token,
  );
  expect(errors).toBeUndefined();
  const [exam] = data!.kneeExams.nodes;
  expect(exam!.kl).toBe(3);
  return [exam!.radiograph.image, ...Object.values(exam!.mriSeries[0]!)].map(({ url }) => api.url + url);
}

async function answers(urls: readonly string[]): Promise<(number | string)[]> {
  return Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url);
      if (response.ok) return (await response.arrayBuffer()).byteLength > 0 ? response.status : 'empty';
      const { errors } = (await response.json()) as { errors: { message: string }[] };
      return `${response.status} ${errors[0]!.message}`;
    }),
  );
}

test('an analyst reads records, and is refused every image of them', async () => {
  const refusal = '403 Fetching images needs the role READER; this token has ANALYST.';

  expect(await answers(await addresses(api.tokens.ANALYST))).toEqual(Array.from({ length: 5 }, () => refusal));
  expect(await answers(await addresses(api.tokens.READER))).toEqual([200, 200, 200, 200, 200]);
});

test('an address counts what its token may do now, not when it was signed', async () => {
  const { data } = await api.ask<{ createToken: { secret: string; token: { id: string } } }>(
    'mutation { createToken(input: { name: "demoted", role: READER }) { secret token { id } } }',
  );
  const urls = await addresses(data!.createToken.secret);
  expect(await answers(urls)).toEqual([200, 200, 200, 200, 200]);

  await api.dataSource.query("UPDATE api_token SET role = 'ANALYST' WHERE name = 'demoted'");
  const demoted = await untilRefused(urls[0]!);

  expect(demoted).toBe(403);
});

/** The server hears of the change by a notification. */
async function untilRefused(url: string): Promise<number> {
  for (;;) {
    const response = await fetch(url);
    await response.arrayBuffer();
    if (!response.ok) return response.status;
  }
}

test('tables are written for an analyst, archives of images are not, by either way', async () => {
  const post = (format: string) =>
    fetch(`${api.url}/exports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.ANALYST}`, 'content-type': 'application/json' },
      body: JSON.stringify({ format, where: { kl: { eq: 3 } }, columns: ['oai_id', 'grades'] }),
    });
  const table = await post('CSV');
  expect([table.status, await table.text()]).toEqual([200, expect.stringMatching(/^exam_id,oai_id,.*xrkl,/)]);
  expect((await post('NIFTI_ZIP')).status).toBe(403);

  const ask = (input: string) =>
    api.ask(`mutation { exportCohort(input: ${input}) { export { id } } }`, {}, api.tokens.ANALYST);
  expect((await ask('{ format: PARQUET, where: { kl: { eq: 3 } } }')).errors).toBeUndefined();
  expect((await ask('{ format: DICOM_ZIP, where: { kl: { eq: 3 } } }')).errors![0]!.message).toBe(
    'An archive of images (DICOM_ZIP) needs the role READER; this token has ANALYST.',
  );
});

test.each(['studies', 'instances'])('DICOMweb is for readers: %s', async (path) => {
  const response = await fetch(`${api.url}/dicomweb/${path}`, {
    headers: { authorization: `Bearer ${api.tokens.ANALYST}` },
  });

  expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('needs the role READER')]);
});

test('an analyst is told so before the first click', async () => {
  const { data } = await api.ask('{ viewer { role canRead canSeeImages canGenerate } }', {}, api.tokens.ANALYST);

  expect(data).toEqual({
    viewer: { role: 'ANALYST', canRead: true, canSeeImages: false, canGenerate: false },
  });
  const { data: read } = await api.ask(`{ node(id: "${seriesId}") { id } }`, {}, api.tokens.ANALYST);
  expect(read).toEqual({ node: { id: seriesId } });
});
