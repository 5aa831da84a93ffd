import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { AuditEntry, MriSeries, QuarantinedImage, Radiograph } from '../../src/entities/index.js';
import { dicomUid } from '../../src/imaging/dicom/write.js';
import { listImports } from '../../src/services/imports/index.js';
import { sendDicom, startTestListener, type TestListener } from '../helpers/dicom.js';
import { hunt } from '../helpers/hunt.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

let files: ReleaseFolder;
let listener: TestListener;

beforeAll(async () => {
  files = await ReleaseFolder.make();
  const stated = new Map([['HOSPITAL-77', { participant: '9000001', side: 'LEFT' } as const]]);
  listener = await startTestListener({
    patients: (id) => ({ visitOtherwise: 'V00', ...stated.get(id ?? '') }),
  });
});

afterAll(async () => {
  await listener.close();
  await files.remove();
});

const film = (barcode: string, elements = {}, id = '9000001') =>
  files.write(
    `film-${barcode}.dcm`,
    filmFile(id, barcode, { elements: { PatientName: 'Doe^Jane', PatientBirthDate: '19500102', ...elements } }),
  );
const films = () => listener.dataSource.getRepository(Radiograph);
const SUCCESS = { status: 0x0000, comment: undefined };

test('C-ECHO is answered', async () => {
  expect(await sendDicom(listener.port, [])).toEqual({ replies: [SUCCESS], rejected: undefined });
});

test('a film is in its participant once it is answered for, without its patient, and sent again it is the one there is', async () => {
  const path = await film('1');
  const first = await sendDicom(listener.port, [path]);
  const again = await sendDicom(listener.port, [path]);

  expect([...first.replies, ...again.replies]).toEqual([SUCCESS, SUCCESS]);
  const kept = await films().find({ relations: { visit: { participant: true } } });
  expect(kept).toHaveLength(1);
  expect(kept[0]).toMatchObject({
    importedBy: 'DICOM: SCU',
    visit: { code: 'V00', participant: { oaiId: '9000001' } },
  });
  expect(await hunt(listener, ['Doe', '19500102', dicomUid('film', '1')])).toEqual([]);
  expect(await readdir(`${listener.folder}/incoming`)).toEqual([]);
  const [newest] = await listImports(listener.dataSource, 1);
  expect(newest).toMatchObject({ by: 'DICOM: SCU', ended: true, images: { unchanged: 1 } });
});

test('slices that come over two associations become one series, of the participant whom the site says that the patient is', async () => {
  const slices = await Promise.all(
    [0, 1, 2].map((slice) => files.write(`scan/${slice}`, sliceFile('HOSPITAL-77', '21', slice))),
  );
  const before = listener.outcomes.filter((outcome) => outcome === 'taken').length;
  const first = await sendDicom(listener.port, slices.slice(0, 2));
  const second = await sendDicom(listener.port, slices.slice(2));
  await listener.until('taken', before + 3);

  expect([...first.replies, ...second.replies]).toEqual([SUCCESS, SUCCESS, SUCCESS]);
  const [series, ...others] = await listener.dataSource
    .getRepository(MriSeries)
    .find({ relations: { exam: { participant: true } } });
  expect(others).toEqual([]);
  expect(series).toMatchObject({ sliceCount: 3, exam: { side: 'LEFT', participant: { oaiId: '9000001' } } });
  expect(await hunt(listener, ['HOSPITAL-77'])).toEqual([]);
});

test('what contradicts is answered with its code, and waits in quarantine', async () => {
  const { replies } = await sendDicom(listener.port, [
    await film('31', { BodyPartExamined: 'CHEST' }),
    await film('32', {}, '9000009'),
  ]);

  expect(replies).toEqual([
    { status: 0xc101, comment: 'The object says that it shows another part of the body (CHEST);' },
    { status: 0xc101, comment: 'The object says that it is of a participant who is not in the da' },
  ]);
  const held = await listener.dataSource.getRepository(QuarantinedImage).find({ order: { id: 'ASC' } });
  expect(held.map(({ file, contradiction }) => [file, contradiction])).toEqual([
    ['DICOM: SCU', 'it shows another part of the body (CHEST)'],
    ['DICOM: SCU', 'it is of a participant who is not in the database'],
  ]);
  expect(await listener.dataSource.getRepository(AuditEntry).countBy({ action: 'import.quarantined' })).toBe(2);
});

test('whom nobody knows is refused, and nothing of them is kept or logged', async () => {
  const { replies } = await sendDicom(listener.port, [await film('41', {}, 'STRANGER-5')]);

  expect(replies).toEqual([
    { status: 0xc000, comment: 'PatientID is no participant, and no line of the file of patients' },
  ]);
  expect(await hunt(listener, ['STRANGER-5', 'Doe'])).toEqual([]);
});

test.each([
  ['an AE title that may not call', { calling: 'OTHER' }, 3],
  ['another AE title than ours', { called: 'PACS' }, 7],
])('%s is refused', async (_, titles, reason) => {
  expect(await sendDicom(listener.port, [], titles)).toEqual({ replies: [], rejected: reason });
});

test('a PDU that is longer than was agreed on, and what is none at all, end the connection', async () => {
  const attempt = async (bytes: Buffer) => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(bytes);
    await once(socket, 'close');
  };
  const long = Buffer.alloc(6);
  long.writeUInt8(0x04);
  long.writeUInt32BE(4_000_000_000, 2);

  await attempt(long);
  await attempt(Buffer.from('GET / HTTP/1.1\r\n\r\n'));

  expect(listener.log.map(({ msg }) => msg)).toContain(
    'a connection sent more at a time than is allowed, and was closed',
  );
  expect((await sendDicom(listener.port, [])).replies).toEqual([SUCCESS]);
});

describe('a listener with narrow limits', () => {
  test('closes a connection from an address that may not call', async () => {
    const narrow = await startTestListener({ allow: ['SCU@10.0.0.0/24'] });
    try {
      expect(await sendDicom(narrow.port, [])).toEqual({ replies: [], rejected: undefined });
    } finally {
      await narrow.close();
    }
  });

  test('ends an association that is silent for too long, and takes the next one', async () => {
    const narrow = await startTestListener({ idleMs: 1_000, maxAssociations: 1 });
    try {
      const silent = connect(narrow.port, '127.0.0.1');
      await once(silent, 'connect');
      const second = connect(narrow.port, '127.0.0.1');
      second.on('error', () => undefined);
      await once(second, 'close');
      await once(silent, 'close');

      expect((await sendDicom(narrow.port, [])).replies).toEqual([SUCCESS]);
    } finally {
      await narrow.close();
    }
  });

  test('ends an association that takes too long in all', async () => {
    const narrow = await startTestListener({ associationMs: 50 });
    try {
      const slow = connect(narrow.port, '127.0.0.1');
      slow.on('error', () => undefined);
      await once(slow, 'connect');
      await once(slow, 'close');
    } finally {
      await narrow.close();
    }
  });
});
