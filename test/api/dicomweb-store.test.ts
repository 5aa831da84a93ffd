import { once } from 'node:events';
import { connect } from 'node:net';
import { AuditEntry, UploadedRadiograph } from '../../src/entities/index.js';
import { type DicomwebServer, type Json, partsOf, startDicomwebServer, valueOf } from '../helpers/dicomweb.js';
import { createToken } from '../../src/services/access/tokens.js';
import { addImages } from '../../src/services/imports/index.js';
import { hunt } from '../helpers/hunt.js';
import { sliceFile } from '../helpers/oai-files.js';
import { bilateralDicom, bilateralPng } from '../helpers/radiographs.js';
import { startTestServer } from '../helpers/server.js';

let api: DicomwebServer;

beforeAll(async () => {
  api = await startDicomwebServer();
});

afterAll(() => api.close());

const BOUNDARY = 'a-boundary';

/** A multipart message of these parts. */
function messageOf(parts: readonly Uint8Array[], type = 'application/dicom'): Buffer {
  return Buffer.concat([
    Buffer.from('a preamble that nobody reads'),
    ...parts.flatMap((part) => [Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Type: ${type}\r\n\r\n`), part]),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

const MULTIPART = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`;

async function store(
  body: Uint8Array,
  { type = MULTIPART, path = '/studies', token = api.tokens.OPERATOR, headers = {} } = {},
): Promise<{ status: number; warning: string | null; body: Json & { errors?: { message: string }[] } }> {
  const response = await fetch(`${api.url}/dicomweb${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
    body: new Uint8Array(body),
  });
  const json = (await response.json()) as Json & { errors?: { message: string }[] };
  return { status: response.status, warning: response.headers.get('warning'), body: json };
}

/** Films of one study that tell its day. */
const DAYS = { StudyInstanceUID: '1.2.840.79', SeriesInstanceUID: '1.2.840.79.0', SeriesDescription: 'KNEE' };

const TWINS = { StudyInstanceUID: '1.2.840.80', SeriesInstanceUID: '1.2.840.80.0' };

/** A film of a study, as a hospital sends it. */
function film(instance: string, elements = {}): Uint8Array {
  return bilateralDicom({
    ...{ StudyInstanceUID: '1.2.840.77.1', SeriesInstanceUID: '1.2.840.77.1.1', InstanceNumber: 1 },
    ...{ SeriesDescription: `KNEE ${instance}`, ...elements },
  });
}

const itemsOf = (json: Json, tag: string): Json[] => (json[tag]?.Value ?? []) as Json[];
const [FAILED, STORED] = ['00081198', '00081199'];

test('a film is stored as an upload of whoever sent it, without its patient, and is found and given back at once', async () => {
  const { status, body } = await store(messageOf([film('1')]));

  expect(status).toBe(200);
  expect(itemsOf(body, FAILED)).toEqual([]);
  const [item] = itemsOf(body, STORED);
  expect(item).toMatchObject({
    '00081150': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.1'] },
    '00081196': { vr: 'US', Value: [0xb000] },
    '04000561': { Value: [{ '04000550': { Value: [{ '00080018': { Value: ['1.2.3.4'] } }] } }] },
  });
  const url = String(valueOf(item, '00081190'));
  expect(url).toContain(`/instances/${String(valueOf(item, '00081155'))}`);
  const response = await fetch(url, { headers: { authorization: `Bearer ${api.tokens.OPERATOR}` } });
  const [part] = await partsOf(response);
  expect(part!.bytes.toString('latin1')).not.toMatch(/Doe|Jane|HOSPITAL|19500102/);
  expect(await api.search('/studies?PatientID=UPLOADED', api.tokens.OPERATOR)).toHaveLength(1);
  expect(await api.search('/studies?PatientID=UPLOADED', api.tokens.READER)).toEqual([]);
  expect(await hunt(api, ['Doe', 'HOSPITAL', '19500102', '1.2.840.77'])).toEqual([]);
  const [entry] = await api.dataSource
    .getRepository(AuditEntry)
    .find({ where: { action: 'uploadRadiograph' }, order: { id: 'DESC' }, take: 1 });
  expect(entry).not.toBeUndefined();
});

test('the UIDs of an upload are of its token: they do not tell whose image has the same, and nor does the address it is sent to', async () => {
  const file = film('78', { StudyInstanceUID: '1.2.840.78.1', SeriesInstanceUID: '1.2.840.78.1.1' });
  const path = await api.files.write('of-a-participant.dcm', file);
  await addImages(api.dataSource, path, { oaiId: '9000078', visit: 'V00' }, { store: api.store, create: true });
  const [own] = await api.search('/studies?PatientID=9000078');
  const other = (await createToken(api.dataSource, { name: 'other', role: 'OPERATOR' })).text;
  const studyOf = async (token: string) => {
    const { body } = await store(messageOf([file]), { token });
    return String(valueOf(itemsOf(body, STORED)[0], '00081190')).split('/')[5];
  };

  const [theirs, others] = [await studyOf(api.tokens.OPERATOR), await studyOf(other)];

  const studies = [String(valueOf(own, '0020000D')), theirs, others];
  expect(new Set(studies).size).toBe(3);
  for (const study of studies) expect(study).toMatch(/^2\.25\.\d+$/);
  const statusAt = async (study: string | undefined) =>
    (await store(messageOf([file]), { path: `/studies/${study}` })).status;
  expect(await Promise.all(studies.map(statusAt))).toEqual([409, 200, 409]);
});

test('films of one study that are uploaded one by one go back by the same number of days', async () => {
  const first = bilateralDicom(DAYS, { index: 2, sopInstanceUid: '1.2.840.79.1' });
  const second = bilateralDicom(DAYS, { index: 3, sopInstanceUid: '1.2.840.79.2' });
  const dayOf = async (file: Uint8Array) => {
    const { body } = await store(messageOf([file]));
    const uid = String(valueOf(itemsOf(body, STORED)[0], '00081155'));
    const [found] = await api.search(`/instances?SOPInstanceUID=${uid}`, api.tokens.OPERATOR);
    return valueOf(found, '00080020');
  };

  const day = await dayOf(first);

  expect(day).toMatch(/^(200|201)\d{5}$/);
  expect(await dayOf(second)).toBe(day);
});

test('one file by itself is stored as well, and the same film again is the upload there is', async () => {
  const count = () => api.dataSource.getRepository(UploadedRadiograph).count();
  const before = await count();
  const first = await store(film('1'), { type: 'application/dicom' });
  const again = await store(film('1'), { type: 'application/dicom', path: '/studies/1.2.840.77.1' });

  expect([first.status, again.status]).toEqual([200, 200]);
  expect(await count()).toBe(Math.max(before, 1));
});

test('of several objects each is answered for: what is refused does not keep the others out', async () => {
  const { status, warning, body } = await store(
    messageOf([film('2'), Buffer.from('no file'), sliceFile('', 'scan', 1), film('3').subarray(0, 2_000)]),
  );

  expect(status).toBe(202);
  expect(itemsOf(body, STORED)).toHaveLength(1);
  expect(itemsOf(body, FAILED).map((item) => valueOf(item, '00081197'))).toEqual([0xc000, 0x0122, 0xc000]);
  expect(valueOf(itemsOf(body, FAILED)[1], '00081150')).toBe('1.2.840.10008.5.1.4.1.1.4');
  expect(warning).toContain('299 osteograph "The part is no whole DICOM file."');
  expect(warning).toContain('MRI series are stored with their participant');
  expect(warning).not.toContain('Doe');
});

test.each<[string, () => Uint8Array, number, string]>([
  ['a PNG', () => bilateralPng(0), 0xc000, 'The part is no whole DICOM file.'],
  ['nothing', () => Buffer.alloc(0), 0xc000, 'The part is no whole DICOM file.'],
  ['a film with burned-in text', () => film('4', { BurnedInAnnotation: 'YES' }), 0xc000, 'says that text is burned'],
  ['a slice that is called a film', () => film('5', { Modality: 'MR' }), 0xc000, 'is a slice of an MRI series'],
  ['a film without a study', () => bilateralDicom(), 0xc000, 'The object has no SOP class, study or series.'],
])('%s is refused, with its code and the reason in words', async (_, file, code, words) => {
  const { status, warning, body } = await store(messageOf([file()]));

  expect(status).toBe(409);
  expect(itemsOf(body, FAILED).map((item) => valueOf(item, '00081197'))).toEqual([code]);
  expect(warning).toContain(words);
});

test('the same pixels as another object are refused, and the first stays where its sender was told that it is', async () => {
  const first = await store(messageOf([bilateralDicom(TWINS, { index: 4, sopInstanceUid: '1.2.840.80.1' })]));
  const second = await store(messageOf([bilateralDicom(TWINS, { index: 4, sopInstanceUid: '1.2.840.80.2' })]));

  expect(second.status).toBe(409);
  expect(valueOf(itemsOf(second.body, FAILED)[0], '00081197')).toBe(0x0110);
  expect(second.warning).toContain('The pixels are kept already, as another object of yours.');
  const url = String(valueOf(itemsOf(first.body, STORED)[0], '00081190'));
  expect((await fetch(url, { headers: { authorization: `Bearer ${api.tokens.OPERATOR}` } })).status).toBe(200);
});

test('what a request holds beyond its thousandth object is said not to be stored', async () => {
  const rich = await startTestServer({ rateLimit: 1_000_000_000 });
  try {
    const response = await fetch(`${rich.url}/dicomweb/studies`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rich.tokens.OPERATOR}`, 'content-type': MULTIPART },
      body: new Uint8Array(messageOf(Array.from({ length: 1_002 }, () => Buffer.from('no file')))),
    });
    const codes = itemsOf((await response.json()) as Json, FAILED).map((item) => valueOf(item, '00081197'));

    expect(response.status).toBe(409);
    expect(codes).toHaveLength(1_001);
    expect(codes.slice(-2)).toEqual([0xc000, 0xa700]);
    expect(response.headers.get('warning')).toContain('A request has at most 1000 objects');
  } finally {
    await rich.close();
  }
});

test('an object of another study than the one it is sent to is refused', async () => {
  const { status, body } = await store(messageOf([film('6')]), { path: '/studies/1.2.840.77.2' });

  expect(status).toBe(409);
  expect(itemsOf(body, FAILED).map((item) => valueOf(item, '00081197'))).toEqual([0xa900]);
});

test('a body that is no multipart message, breaks off in the middle or holds nothing is refused, and what came before stays', async () => {
  const whole = messageOf([film('7'), film('8')]);
  const count = () => api.dataSource.getRepository(UploadedRadiograph).count();

  expect((await store(Buffer.from('nothing of the kind'))).status).toBe(400);
  expect((await store(Buffer.alloc(0))).status).toBe(400);
  expect((await store(messageOf([]))).status).toBe(400);
  const before = await count();
  const broken = await store(whole.subarray(0, whole.length - 5_000));
  expect(broken.status).toBe(400);
  expect(broken.body.errors![0]!.message).toBe('The body is no multipart message, or it broke off.');
  expect(await count()).toBe(before);
});

test.each([
  ['application/json'],
  ['text/plain'],
  ['nonsense'],
  ['multipart/related; type="application/dicom"'],
  [`multipart/related; type="application/dicom+xml"; boundary=${BOUNDARY}`],
  [`multipart/form-data; boundary=${BOUNDARY}`],
  [`multipart/related; boundary=${'x'.repeat(71)}`],
])('%s is not understood', async (type) => {
  expect((await store(messageOf([film('9')]), { type })).status).toBe(415);
});

test('a packed body is not understood, and an answer in XML is not acceptable', async () => {
  expect((await store(messageOf([film('9')]), { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  expect((await store(messageOf([film('9')]), { headers: { accept: 'application/dicom+xml' } })).status).toBe(406);
});

test('only who may upload may store', async () => {
  expect((await store(messageOf([film('9')]), { token: api.tokens.READER })).status).toBe(403);
  expect((await store(messageOf([film('9')]), { token: api.tokens.SUMMARY })).status).toBe(403);
  expect((await store(messageOf([film('9')]), { token: 'nobody' })).status).toBe(401);
});

test.each([MULTIPART, 'application/dicom'])(
  'a client that leaves in the middle of %s leaves nothing behind, and the next one is served',
  async (type) => {
    const from = api.log.length;
    const { host, port } = new URL(api.url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST /dicomweb/studies HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${api.tokens.OPERATOR}\r\n` +
        `Content-Type: ${type}\r\nContent-Length: 100000\r\n\r\n--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\nDICM`,
    );
    socket.destroySoon();
    await once(socket, 'close');

    expect((await store(messageOf([film('1')]))).status).toBe(200);
    // pino calls a warning 40.
    expect(api.log.slice(from).filter(({ level }) => Number(level) >= 40)).toEqual([]);
  },
);

test('objects are paid for as uploads are, and a quota that is spent refuses what is left', async () => {
  const poor = await startTestServer({ rateLimit: 130_000 });
  try {
    const response = await fetch(`${poor.url}/dicomweb/studies`, {
      method: 'POST',
      headers: { authorization: `Bearer ${poor.tokens.OPERATOR}`, 'content-type': MULTIPART },
      body: new Uint8Array(messageOf([film('1'), film('2'), film('3')])),
    });
    const body = (await response.json()) as Json;

    expect(response.status).toBe(202);
    expect(response.headers.get('ratelimit')).toContain('"points";r=');
    expect(itemsOf(body, FAILED).map((item) => valueOf(item, '00081197'))).toEqual([0xa700]);
  } finally {
    await poor.close();
  }
});
