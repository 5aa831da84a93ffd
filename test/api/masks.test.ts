import { gunzipSync, gzipSync } from 'node:zlib';
import { AuditEntry, UploadedMask } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { startUploadExpiry } from '../../src/services/uploads/index.js';
import { removeUnclaimed } from '../../src/storage/index.js';
import { untilWaiting } from '../helpers/locks.js';
import { type MaskFile, maskFile, uploadMask } from '../helpers/masks.js';
import { silent } from '../helpers/platform.js';
import { bilateralDicom } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

afterEach(async () => {
  await api.dataSource.query('DELETE FROM uploaded_mask');
});

/** 6 x 5 voxels in 4 slices, of which 2 x 2 in the second are hidden. */
const MASK: MaskFile = {
  size: [6, 5, 4],
  affine: [-0.5, 0, 0, 10, 0, 0, 3, 20, 0, -0.7, 0, 30],
  hidden: (column, row, slice) => slice === 1 && column < 2 && row < 2,
};

const send = (file: Uint8Array, headers: Record<string, string> = {}, token = api.tokens.OPERATOR) =>
  uploadMask(api.url, token, file, headers);

const count = () => api.dataSource.manager.count(UploadedMask);

const fetched = async ({ url }: { url: string }) =>
  gunzipSync(Buffer.from(await (await fetch(api.url + url)).arrayBuffer()));

test.each([
  ['packed', true],
  ['not packed', false],
])('a mask that is %s gets an id, its size, and how much it hides', async (_, packed) => {
  const { status, body } = await send(maskFile({ ...MASK, packed }), { 'content-type': 'application/gzip' });

  expect(status).toBe(201);
  expect(body).toMatchObject({ columns: 6, rows: 5, slices: 4, hiddenVoxels: 4 });
  const days = (Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / (24 * 3_600_000);
  expect(days).toBeCloseTo(30, 1);
});

test('of the file its grid is kept and where it is above 0, and nothing else that its header says', async () => {
  const { body } = await send(maskFile({ ...MASK, description: 'Doe^Jane 1950' }));

  const kept = await fetched(body.volume);
  expect(kept.toString('latin1')).not.toContain('Doe');
  expect([kept.readInt16LE(42), kept.readInt16LE(44), kept.readInt16LE(46)]).toEqual([6, 5, 4]);
  const affine = Array.from({ length: 12 }, (_, at) => kept.readFloatLE(280 + 4 * at));
  expect(affine).toEqual(MASK.affine!.map((value) => Math.fround(value)));
  const voxels = Array.from({ length: 120 }, (_, at) => kept.readUInt16LE(kept.readFloatLE(108) + 2 * at));
  expect(voxels.flatMap((value, at) => (value > 0 ? [at] : []))).toEqual([30, 31, 36, 37]);
});

test('the same mask brought again is the upload there is, kept from now on anew; another owner has one of their own', async () => {
  const first = await send(maskFile(MASK));
  await api.dataSource.query('UPDATE uploaded_mask SET expires_at = now()');

  const again = await send(maskFile({ ...MASK, description: 'written by another program', packed: false }));
  const other = await send(maskFile(MASK), {}, api.tokens.ADMIN);

  expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  expect(Date.parse(again.body.expiresAt)).toBeGreaterThan(Date.now() + 29 * 24 * 3_600_000);
  expect(other.status).toBe(201);
  expect(other.body.id).not.toBe(first.body.id);
});

test('a mask whose file is about to be removed, since another upload of it has just gone, keeps it', async () => {
  const { body } = await send(maskFile(MASK));
  const { asset } = await api.dataSource
    .getRepository(UploadedMask)
    .findOneOrFail({ where: {}, relations: { asset: true } });
  await api.dataSource.query('DELETE FROM uploaded_mask');
  const held = api.dataSource.createQueryRunner();
  await held.startTransaction();
  await held.query('LOCK TABLE uploaded_mask IN SHARE MODE');

  const again = send(maskFile(MASK));
  await untilWaiting(api.dataSource, 'uploaded_mask');
  await removeUnclaimed(api.dataSource, api.store, asset.sha256);
  await held.commitTransaction();
  await held.release();

  expect(await again).toMatchObject({ status: 201 });
  expect((await again).body.id).not.toBe(body.id);
  expect(await api.store.exists(asset.storageKey)).toBe(true);
});

test.each<[string, () => Uint8Array, number, string]>([
  [
    'a text',
    () => Buffer.from('%PDF-1.7 no mask'),
    415,
    'The file is no NIfTI file; masks are read from .nii and .nii.gz.',
  ],
  ['nothing', () => Buffer.alloc(0), 415, 'The file is no NIfTI file; masks are read from .nii and .nii.gz.'],
  ['a DICOM file', () => bilateralDicom(), 415, 'The file is no NIfTI file; masks are read from .nii and .nii.gz.'],
  ['a packed text', () => gzipSync('x'.repeat(400)), 422, 'The file is not a NIfTI-1 file.'],
  [
    'damaged packing',
    () => maskFile(MASK).subarray(0, 80),
    422,
    'The file is damaged or too large: its gzip data cannot be unpacked.',
  ],
  [
    'a truncated file',
    () => maskFile({ ...MASK, packed: false }).subarray(0, 400),
    422,
    'The file is truncated: 6 x 5 x 4 voxels do not fit in its 400 bytes.',
  ],
  [
    'a bomb',
    () => gzipSync(Buffer.alloc(300_000_000), { level: 1 }),
    422,
    'The file is damaged or too large: its gzip data cannot be unpacked.',
  ],
  [
    'a mask that hides nothing',
    () => maskFile({ ...MASK, hidden: () => false }),
    422,
    'The file hides nothing: no voxel of it is above 0.',
  ],
  [
    'a mask that hides everything',
    () => maskFile({ ...MASK, hidden: () => true }),
    422,
    'The file hides everything: a mask is above 0 only where a series is to be filled in.',
  ],
])('refused in one sentence, with nothing kept, is %s', async (_, file, status, message) => {
  const audited = () => api.dataSource.manager.count(AuditEntry, { where: { action: 'uploadMask' } });
  const before = await audited();

  expect(await send(file())).toMatchObject({ status, message });

  expect([await count(), await audited()]).toEqual([0, before]);
});

test('what is too large, of another type, or from readers is refused before it is read', async () => {
  const file = maskFile(MASK);
  const large = await send(new Uint8Array(64 * 1024 * 1024 + 1));
  expect([large.status, large.message]).toEqual([
    413,
    'The file has more than 67108864 bytes, the most a mask may have.',
  ]);
  expect((await send(file, { 'content-type': 'image/png' })).status).toBe(415);
  expect((await send(file, {}, api.tokens.READER)).status).toBe(403);
  expect((await send(file, {}, 'nobody')).status).toBe(401);
  expect(await count()).toBe(0);
});

const FIELDS = 'id columns rows slices hiddenVoxels owner expiresAt volume { mediaType url }';

test('its owner and administrators see it and remove it, with its file; to others it is not there', async () => {
  const { body } = await send(maskFile(MASK));
  const stranger = (await createToken(api.dataSource, { name: 'stranger', role: 'OPERATOR' })).text;
  const listed = (token: string) =>
    api.ask<{ uploadedMasks: { totalCount: number; nodes: { id: string }[] } }>(
      `{ uploadedMasks { totalCount nodes { ${FIELDS} } } }`,
      {},
      token,
    );
  const node = (token: string) =>
    api.ask('query ($id: ID!) { node(id: $id) { ... on UploadedMask { hiddenVoxels } } }', { id: body.id }, token);
  const remove = (token: string) =>
    api.ask(
      'mutation ($id: ID!) { deleteUploadedMask(input: { id: $id }) { deletedUploadedMaskId } }',
      { id: body.id },
      token,
    );

  for (const token of [api.tokens.OPERATOR, api.tokens.ADMIN]) {
    const { data } = await listed(token);
    expect(data!.uploadedMasks).toMatchObject({
      totalCount: 1,
      nodes: [
        { id: body.id, columns: 6, rows: 5, slices: 4, hiddenVoxels: 4, volume: { mediaType: 'application/gzip' } },
      ],
    });
    expect((await node(token)).data).toEqual({ node: { hiddenVoxels: 4 } });
  }
  expect((await listed(stranger)).data!.uploadedMasks.totalCount).toBe(0);
  expect((await node(stranger)).data).toEqual({ node: null });
  expect((await remove(stranger)).errors![0]!.message).toBe('There is no such uploaded mask.');

  expect((await remove(api.tokens.OPERATOR)).data).toEqual({ deleteUploadedMask: { deletedUploadedMaskId: body.id } });

  expect(await count()).toBe(0);
  expect((await fetch(api.url + body.volume.url)).status).toBe(404);
  const actions = await api.dataSource.manager.find(AuditEntry, { order: { id: 'ASC' } });
  expect(actions.map(({ action }) => action)).toEqual(expect.arrayContaining(['uploadMask', 'deleteUploadedMask']));
});

test('when its time is over it goes with its file', async () => {
  const { body } = await send(maskFile(MASK));
  const other = await send(maskFile({ ...MASK, hidden: (column) => column === 3 }));
  await api.dataSource.query(`UPDATE uploaded_mask SET expires_at = now() WHERE hidden_voxels = 4`);

  const expiry = startUploadExpiry({ ...api, logger: silent });
  const status = async ({ volume }: typeof body) => (await fetch(api.url + volume.url)).status;
  while ((await status(body)) !== 404);
  await expiry.close();

  expect(await status(other.body)).toBe(200);
  expect(await api.dataSource.manager.find(UploadedMask)).toMatchObject([{ hiddenVoxels: 20 }]);
});
