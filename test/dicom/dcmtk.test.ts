import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MriSeries, QuarantinedImage, Radiograph } from '../../src/entities/index.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { knowParticipant } from '../helpers/dicom.js';
import { type ListenProcess, startListen, startPacs, type TestPacs } from '../helpers/dicom-process.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';
import { hasProgram } from '../helpers/python.js';
import { runProgram } from '../helpers/program.js';

const hasDcmtk = ['echoscu', 'storescu', 'dcmqrscp', 'dcmcrle'].every(hasProgram);
const describeWithDcmtk = hasDcmtk ? describe : describe.skip;

const TAKEN = 'a DICOM object was taken in';
const STUDY = { StudyInstanceUID: '1.2.840.55.1', StudyDescription: 'KNEE BOTH' };

let database: TestDatabase;
let dataDir: string;
let files: ReleaseFolder;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-dcmtk-'));
  files = await ReleaseFolder.make();
  await knowParticipant(database.dataSource, '9000001');
});

afterAll(async () => {
  await database.drop();
  await files.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const listen = (...flags: string[]) =>
  startListen(['--data-dir', dataDir, '--visit', 'V00', ...flags], { DATABASE_URL: database.url });
const film = (name: string, elements = {}, id = '9000001') =>
  files.write(`${name}.dcm`, filmFile(id, name, { elements: { PatientName: 'Doe^Jane', ...elements } }));
const slice = (name: string, index: number) => files.write(`${name}/${index}.dcm`, sliceFile('9000001', name, index));
const count = (entity: typeof Radiograph | typeof MriSeries) => database.dataSource.getRepository(entity).count();

describeWithDcmtk('with dcmtk', () => {
  let listener: ListenProcess;
  let pacs: TestPacs;

  beforeAll(async () => {
    const patients = join(dataDir, 'patients.csv');
    await writeFile(patients, 'patient,participant,visit\nHOSPITAL-77,9000001,V00\n');
    listener = await listen('--allow', 'STORESCU', '--allow', 'PACS@127.0.0.1', '--quiet', '1', '--patients', patients);
    pacs = await startPacs(dataDir, listener.port);
  });

  afterAll(async () => {
    await pacs.close();
    await listener.end('SIGTERM');
  });

  const store = (port: number, called: string, ...args: string[]) =>
    runProgram('storescu', ['-aec', called, '127.0.0.1', String(port), ...args]);

  test('echoscu is answered, unless it calls under another name', async () => {
    await runProgram('echoscu', ['-aet', 'STORESCU', '-aec', 'OSTEOGRAPH', '127.0.0.1', String(listener.port)]);
    await expect(
      runProgram('echoscu', ['-aet', 'ELSEWHERE', '-aec', 'OSTEOGRAPH', '127.0.0.1', String(listener.port)]),
    ).rejects.toThrow('Calling AE Title Not Recognized');
  });

  test('storescu stores a film as it is and one that is compressed, and is told of one that contradicts', async () => {
    const packed = join(files.path, 'packed.dcm');
    await runProgram('dcmcrle', [await film('12'), packed]);
    await store(listener.port, 'OSTEOGRAPH', await film('11'));
    await runProgram('storescu', ['-xr', '-aec', 'OSTEOGRAPH', '127.0.0.1', String(listener.port), packed]);
    const chest = store(listener.port, 'OSTEOGRAPH', '-v', await film('13', { BodyPartExamined: 'CHEST' }));

    await expect(chest).rejects.toThrow('CannotUnderstand');
    expect(await count(Radiograph)).toBe(2);
    const [held] = await database.dataSource.getRepository(QuarantinedImage).find();
    expect(held).toMatchObject({ file: 'DICOM: STORESCU', contradiction: 'it shows another part of the body (CHEST)' });
  });

  test('what dicom-find shows of a PACS, dicom-fetch has it send, into the participant whom the file of patients names', async () => {
    const before = [await count(Radiograph), await count(MriSeries)];
    const scan = await Promise.all(
      [0, 1, 2].map((index) =>
        files.write(
          `pacs/${index}.dcm`,
          sliceFile('HOSPITAL-77', '21', index, { elements: { ...STUDY, PatientName: 'Doe^Jane' } }),
        ),
      ),
    );
    await store(pacs.port, 'PACS', await film('22', STUDY, 'HOSPITAL-77'), ...scan);

    const found = await runCommand(['dicom-find', '--from', pacs.name, '--patient', 'HOSPITAL-77', '--json']);
    const series = await runCommand([
      'dicom-find',
      '--from',
      pacs.name,
      '--level',
      'series',
      '--study',
      '1.2.840.55.1',
    ]);
    const nothing = await runCommand(['dicom-find', '--from', pacs.name, '--patient', 'NOBODY']);
    const fetched = await runCommand(['dicom-fetch', '--from', pacs.name, '--study', '1.2.840.55.1']);
    await listener.said(TAKEN, 6);

    expect(JSON.parse(found.stdout)).toMatchObject({
      StudyInstanceUID: '1.2.840.55.1',
      StudyDescription: 'KNEE BOTH',
      StudyDate: '20040623',
    });
    expect(
      series.stdout
        .trim()
        .split('\n')
        .map((line) => line.split('  ')[2])
        .sort(),
    ).toEqual(['CR', 'MR']);
    expect(nothing.stdout).toBe('Nothing is found.\n');
    expect(fetched).toMatchObject({ code: 0, stdout: 'PACS sent 4 objects to OSTEOGRAPH.\n' });
    expect([await count(Radiograph), await count(MriSeries)]).toEqual([before[0]! + 1, before[1]! + 1]);
  });

  test('a fetch to an AE title that the PACS does not know, of a study that it has not, or from where no PACS is, fails in a sentence', async () => {
    const fetch = (...args: string[]) => runCommand(['dicom-fetch', '--study', '1.2.840.55.1', ...args]);
    const unknown = await fetch('--from', pacs.name, '--to', 'NOWHERE');
    const absent = await runCommand(['dicom-fetch', '--from', pacs.name, '--study', '1.2.3']);
    const misnamed = await fetch('--from', pacs.name.replace('PACS', 'OTHER'));
    const nobody = await fetch('--from', 'PACS@127.0.0.1:1');

    expect([unknown.code, absent.code, misnamed.code, nobody.code]).toEqual([1, 1, 1, 1]);
    expect(unknown.stderr).toMatch(
      /answers with status A801H: it does not know the AE title that it is to send to\.$/m,
    );
    expect(absent.stderr).toBe('osteograph: PACS has no such study, or sent nothing of it.\n');
    expect(misnamed.stderr).toMatch(/refuses the association \(it has another AE title\)\.$/m);
    expect(nobody.stderr).toBe('osteograph: PACS at 127.0.0.1:1 cannot be reached or has broken off.\n');
  });
});

describeWithDcmtk('a series that has come', () => {
  const never = ['--allow', 'STORESCU', '--quiet', '3600'];
  const arrivals = () => readdir(join(dataDir, 'arrivals', 'series'));
  const sendSeries = async (port: number, name: string) => {
    const paths = await Promise.all([0, 1, 2].map((index) => slice(name, index)));
    await runProgram('storescu', ['-aec', 'OSTEOGRAPH', '127.0.0.1', String(port), ...paths]);
  };

  test('is taken in before a listener that is told to stop ends', async () => {
    const before = await count(MriSeries);
    const listener = await listen(...never);
    await sendSeries(listener.port, '31');
    expect(await arrivals()).toHaveLength(1);

    expect((await listener.end('SIGTERM')).code).toBe(0);
    expect(await count(MriSeries)).toBe(before + 1);
    expect(await arrivals()).toEqual([]);
  });

  test('is taken in by the next listener where one was killed', async () => {
    const before = await count(MriSeries);
    const killed = await listen(...never);
    await sendSeries(killed.port, '32');
    await killed.end('SIGKILL');
    expect(await count(MriSeries)).toBe(before);

    const next = await listen('--allow', 'STORESCU', '--quiet', '0');
    await next.said(TAKEN, 3);
    await next.end('SIGTERM');
    expect(await count(MriSeries)).toBe(before + 1);
    expect(await arrivals()).toEqual([]);
  });
});
