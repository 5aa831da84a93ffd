import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { MAX_UPLOAD_BYTES } from '../../src/domain/uploads.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, Generation, UploadedRadiograph } from '../../src/entities/index.js';
import { decodePng } from '../../src/imaging/png.js';
import { createToken } from '../../src/services/access/tokens.js';
import { sweepBlobs } from '../../src/storage/index.js';
import { bilateralDicom, bilateralPng, kneePng, upload } from '../helpers/radiographs.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const send = (file: Uint8Array, headers: Record<string, string> = {}, token = api.tokens.OPERATOR) =>
  upload(api.url, token, file, headers);

const count = async (): Promise<number> => api.dataSource.manager.count(UploadedRadiograph);

async function stranger(): Promise<string> {
  return (await createToken(api.dataSource, { name: 'stranger', role: 'OPERATOR' })).text;
}

test('a bilateral PNG gets an id, both knees with their squares, and what is not known', async () => {
  const { status, body } = await send(bilateralPng(0), { 'content-type': 'image/png' });

  expect(status).toBe(201);
  expect(body).toMatchObject({ view: 'BILATERAL', laterality: null, rows: 420, columns: 520, pixelSpacing: null });
  expect(body.knees.map(({ side }) => side)).toEqual(['RIGHT', 'LEFT']);
  const [right, left] = body.knees.map(({ box }) => box.left + box.side / 2);
  expect(right).toBeLessThan(260);
  expect(left).toBeGreaterThan(260);
  expect(body.warnings).toEqual(['The file does not say how large its pixels are; it was taken to show both knees.']);
  const days = (Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / (24 * 3_600_000);
  expect(days).toBeCloseTo(30, 1);
  const image = await fetch(api.url + body.image.url);
  expect(decodePng(Buffer.from(await image.arrayBuffer()))).toMatchObject({ rows: 420, columns: 520 });
});

test('of a DICOM file the pixels, bone bright, and what the answer says are kept, and nothing that names the patient', async () => {
  const { status, body } = await send(bilateralDicom(), { 'content-type': 'application/dicom' });

  expect(status).toBe(201);
  expect(body).toMatchObject({ photometric: 'MONOCHROME1', warnings: [] });
  expect(body.pixelSpacing).toBeCloseTo(0.7);
  const stored = Buffer.from(await (await fetch(api.url + body.image.url)).arrayBuffer());
  const tables = await api.dataSource.query(
    `SELECT (SELECT json_agg(u) FROM uploaded_radiograph u)::text || (SELECT json_agg(a) FROM audit_entry a)::text AS everything`,
  );
  const kept = `${stored.toString('latin1')} ${(tables as { everything: string }[])[0]!.everything}`;
  for (const word of ['Doe', 'Jane', 'HOSPITAL', '19500102', '20200203']) expect(kept).not.toContain(word);
  const { data } = decodePng(stored);
  expect(data[210 * 520 + 130]).toBeGreaterThan(data[5]!);
});

test('a film of one knee says which where its file does, and asks where it does not', async () => {
  const left = await send(bilateralDicom({ ImageLaterality: 'L', PixelSpacing: [0.2, 0.2] }));
  const unknown = await send(kneePng());

  expect(left.body).toMatchObject({ view: 'SINGLE', laterality: 'LEFT' });
  expect(left.body.knees.map(({ side }) => side)).toEqual(['LEFT']);
  expect(unknown.body.knees).toEqual([{ side: null, box: { left: 0, top: 0, side: 128 } }]);
  expect(unknown.body.warnings).toContain('The file does not say which knee it shows.');
});

test('the same film brought again is the upload there is, kept from now on anew; another owner has one of their own', async () => {
  const first = await send(kneePng(2));
  await api.dataSource.query('UPDATE uploaded_radiograph SET expires_at = now()');

  const again = await send(kneePng(2));
  const other = await send(kneePng(2), {}, await stranger());

  expect(again.status).toBe(200);
  expect(again.body.id).toBe(first.body.id);
  expect(Date.parse(again.body.expiresAt)).toBeGreaterThan(Date.now() + 29 * 24 * 3_600_000);
  expect(other.status).toBe(201);
  expect(other.body.id).not.toBe(first.body.id);
});

/** A PNG whose header claims another size than its pixels have. */
function pngOf(columns: number, rows: number, pixels: Buffer): Buffer {
  const png = Buffer.from(kneePng());
  const chunk = (type: string, body: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length, 0);
    head.write(type, 4, 'latin1');
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), body])), 0);
    return Buffer.concat([head, body, sum]);
  };
  const header = Buffer.from(png.subarray(16, 29));
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  const data = chunk('IDAT', deflateSync(pixels));
  return Buffer.concat([png.subarray(0, 8), chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]);
}

const dicom = bilateralDicom();
const hostile: [string, () => Uint8Array, number, string][] = [
  ['a text', () => Buffer.from('%PDF-1.7 not an image'), 415, 'The file is no DICOM, PNG, TIFF or JPEG file'],
  ['nothing', () => Buffer.alloc(0), 415, 'The file is no DICOM, PNG, TIFF or JPEG file'],
  ['a truncated DICOM file', () => dicom.subarray(0, dicom.length / 2), 422, 'The file '],
  ['a DICOM header without pixels', () => dicom.subarray(0, 400), 422, 'The file '],
  ['a truncated PNG', () => kneePng().subarray(0, 9_000), 422, 'The file is cut short'],
  ['a PNG bomb', () => pngOf(60_000, 60_000, Buffer.alloc(1e6)), 422, 'The file claims 60000 x 60000 x 1 pixels'],
  ['a PNG that unpacks to more than it claims', () => pngOf(64, 64, Buffer.alloc(3e7)), 422, 'The file has pixel data'],
  ['a PNG that unpacks to less', () => pngOf(4_000, 4_000, Buffer.alloc(1e4)), 422, 'The file has 10000 bytes'],
  ['an empty picture', () => pngOf(64, 64, Buffer.alloc(64 * 129)), 422, 'The file shows nothing'],
  ['a slice of an MRI', () => bilateralDicom({ Modality: 'MR' }), 422, 'The file is a slice of an MRI series'],
  [
    'burned-in text',
    () => bilateralDicom({ BurnedInAnnotation: 'YES' }),
    422,
    'The file says that text is burned into',
  ],
];

test.each(hostile)(
  '%s is refused in one sentence, and nothing of it is kept',
  async (_name, file, status, sentence) => {
    const before = await count();

    const answer = await send(file());

    expect(answer.message).toMatch(new RegExp(`^${sentence}.*\\.$`));
    expect(answer.status).toBe(status);
    expect(await count()).toBe(before);
  },
);

test('a form, a packed body and too many bytes are refused before the file is looked at', async () => {
  const form = await send(kneePng(), { 'content-type': 'multipart/form-data; boundary=x' });
  const packed = await send(kneePng(), { 'content-encoding': 'gzip' });
  const large = await send(new Uint8Array(MAX_UPLOAD_BYTES + 1));

  expect([form.status, packed.status, large.status]).toEqual([415, 415, 413]);
  expect(form.message).toContain('The Content-Type is "multipart/form-data"; send the file itself as image/png or');
  expect(large.message).toContain(`more than ${MAX_UPLOAD_BYTES} bytes`);
});

test('a file without a length is cut off at the same size', async () => {
  const piece = new Uint8Array(1024 * 1024);
  const pieces = new ReadableStream({
    start: (control) => {
      for (let sent = 0; sent <= MAX_UPLOAD_BYTES; sent += piece.length) control.enqueue(piece);
      control.close();
    },
  });
  const response = await fetch(`${api.url}/radiographs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.OPERATOR}` },
    body: pieces,
    duplex: 'half',
  });

  expect(response.status).toBe(413);
});

const uploadsLogged = (): number => api.log.filter(({ path }) => path === '/radiographs').length;

test('an upload that breaks off, whatever length it promised, leaves nothing behind', async () => {
  const rows = await count();
  const promised = Buffer.concat([bilateralPng(2), Buffer.alloc(5_000_000)]);
  const logged = uploadsLogged();
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /radiographs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens.OPERATOR}\r\n` +
      `Content-Length: ${promised.length + 1_000_000}\r\n\r\n`,
  );
  socket.write(promised);
  await once(socket, 'drain');
  socket.destroy();
  // The server answers nobody; its log says when it has let go.
  await until(() => uploadsLogged() > logged);

  expect(await count()).toBe(rows);
  expect(await readdir(join(api.dataDir, 'blobs', 'tmp')).catch(() => [])).toEqual([]);
  expect(api.log.filter(({ level }) => level === 'error' || level === 50)).toEqual([]);
});

test('who may not generate may not upload, and without a token nobody may', async () => {
  const reader = await send(kneePng(4), {}, api.tokens.READER);
  const nobody = await send(kneePng(4), {}, 'osteo_wrong');

  expect([reader.status, reader.message]).toEqual([403, 'Uploading needs the role OPERATOR; this token has READER.']);
  expect(nobody.status).toBe(401);
});

test('an upload counts in the quota', async () => {
  const limited = await startTestServer({ rateLimit: 120_000 });
  try {
    const answers = [];
    for (const seed of [1, 2, 3]) answers.push(await upload(limited.url, limited.tokens.OPERATOR, kneePng(seed)));

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 429]);
    expect(answers[2]!.headers.get('retry-after')).toMatch(/^\d+$/);
  } finally {
    await limited.close();
  }
});

const LIST = '{ uploadedRadiographs(first: 200) { totalCount nodes { id owner view image { url } } } }';
interface Listed {
  uploadedRadiographs: { totalCount: number; nodes: { id: string; owner: string }[] };
}

test('its owner and administrators see an upload, others neither see nor use nor delete it', async () => {
  const { body } = await send(kneePng(5));
  const other = await stranger();
  const ids = async (token: string) =>
    (await api.ask<Listed>(LIST, {}, token)).data!.uploadedRadiographs.nodes.map(({ id }) => id);
  const node = async (token: string) =>
    (await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id: body.id }, token)).data!['node'];
  await api.make.bundle();
  const use = await api.ask(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
    { input: { uploadId: body.id, side: 'LEFT' } },
    other,
  );
  const remove = await api.ask(DELETE, { id: body.id }, other);

  expect(await ids(api.tokens.OPERATOR)).toContain(body.id);
  expect(await ids(api.tokens.ADMIN)).toContain(body.id);
  expect(await ids(other)).toEqual([]);
  expect([await node(api.tokens.ADMIN), await node(other)]).toEqual([{ id: body.id }, null]);
  for (const answer of [use, remove]) {
    expect(answer.errors![0]!.message).toBe('There is no such uploaded radiograph.');
  }
});

const DELETE = 'mutation ($id: ID!) { deleteUploadedRadiograph(input: { id: $id }) { deletedUploadedRadiographId } }';

test('a sweep keeps the film of an upload; deleting the upload removes it at once', async () => {
  const { body } = await send(kneePng(6));
  await sweepBlobs({ dataSource: api.dataSource, store: api.store, graceMs: 0 });
  expect((await fetch(api.url + body.image.url)).status).toBe(200);

  const { data } = await api.ask(DELETE, { id: body.id }, api.tokens.OPERATOR);

  expect(data).toEqual({ deleteUploadedRadiograph: { deletedUploadedRadiographId: body.id } });
  expect((await fetch(api.url + body.image.url)).status).toBe(404);
  const actions = await api.dataSource.manager.find(AuditEntry, { order: { id: 'DESC' }, take: 3 });
  expect(actions.map(({ action }) => action)).toContain('deleteUploadedRadiograph');
});

test('while a volume is being made from it an upload is not deleted, and its generation is nobody else’s', async () => {
  const { body } = await send(kneePng(7));
  const bundle = await api.make.bundle();
  const made = await api.ask<{
    generateMri: { generation: { id: string; side: string; exam: null; upload: { id: string } } };
  }>(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id side exam { id } upload { id } } } }',
    { input: { uploadId: body.id, side: 'LEFT', bundle: `${bundle.name}@${bundle.version}` } },
    api.tokens.OPERATOR,
  );
  expect(made.data!.generateMri.generation).toMatchObject({ side: 'LEFT', exam: null, upload: { id: body.id } });

  const refused = await api.ask(DELETE, { id: body.id }, api.tokens.OPERATOR);
  expect(refused.errors![0]!.extensions.code).toBe('CONFLICT');

  const { id } = made.data!.generateMri.generation;
  for (const [what, name] of [
    ['query ($id: ID!) { found: generation(id: $id) { id } }', 'generation'],
    ['query ($id: ID!) { found: node(id: $id) { id } }', 'node'],
  ] as const) {
    expect([name, (await api.ask(what, { id }, api.tokens.READER)).data]).toEqual([name, { found: null }]);
    expect([name, (await api.ask(what, { id }, api.tokens.ADMIN)).data]).toEqual([name, { found: { id } }]);
  }
  const cancel = 'mutation ($id: ID!) { cancelGeneration(input: { id: $id }) { generation { state } } }';
  expect((await api.ask(cancel, { id }, await stranger())).errors![0]!.extensions.code).toBe('NOT_FOUND');
  const counted = async (token: string) =>
    (await api.ask<{ generations: { totalCount: number } }>('{ generations { totalCount } }', {}, token)).data!
      .generations;
  expect([await counted(api.tokens.OPERATOR), await counted(api.tokens.READER)]).toEqual([
    { totalCount: 1 },
    { totalCount: 0 },
  ]);

  await api.ask(cancel, { id }, api.tokens.OPERATOR);
  expect((await api.ask(DELETE, { id: body.id }, api.tokens.OPERATOR)).data).not.toBeNull();
  expect(await api.dataSource.manager.count(Generation)).toBe(0);
});

test.each([
  [
    'both kinds of source',
    { examId: encodeId('KneeExam', 1), side: 'LEFT' },
    'belongs to no exam; give uploadId alone.',
  ],
  ['no side', {}, 'The radiograph does not say which knee it shows; say by side which one is meant.'],
])('a request with %s is refused', async (_name, more, sentence) => {
  const { body } = await send(kneePng(8));
  const { errors } = await api.ask(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
    { input: { uploadId: body.id, ...more } },
    api.tokens.OPERATOR,
  );

  expect(errors![0]!.message).toContain(sentence);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
