import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { compiledModule } from '../../src/domain/package.js';
import { DicomSending, type Generation, Radiograph } from '../../src/entities/index.js';
import { forgetOriginal, keepOriginal } from '../../src/services/files/index.js';
import { runCommand } from '../helpers/command.js';
import { type ListenProcess, startListen, startPacs, startStoreScp, type TestPacs } from '../helpers/dicom-process.js';
import { startReceiver } from '../helpers/dicom-receiver.js';
import { knowParticipant } from '../helpers/dicom.js';
import { filmInStudy, makeGenerated } from '../helpers/dicomweb.js';
import { type Factories, factories } from '../helpers/factories.js';
import { filmFile, ReleaseFolder } from '../helpers/oai-files.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { hasProgram } from '../helpers/python.js';
import { makeTlsFiles, startTlsFront, type TlsTestFiles } from '../helpers/tls-files.js';
import { fallSilent } from '../helpers/work-rows.js';

const hasDcmtk = ['echoscu', 'storescu', 'storescp', 'dcmqrscp', 'dcmdump', 'openssl'].every(hasProgram);
const describeWithDcmtk = hasDcmtk ? describe : describe.skip;

let platform: TestPlatform;
let folder: string;
let make: Factories;
const running: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  platform = await createTestPlatform();
  make = factories(platform.dataSource);
  folder = await mkdtemp(join(tmpdir(), 'osteograph-send-'));
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

afterAll(async () => {
  await platform.close();
  await rm(folder, { recursive: true, force: true });
});

function keep<T extends { close(): Promise<void> }>(one: T): T {
  running.push(one);
  return one;
}

const env = () => ({ DATABASE_URL: platform.url, OSTEOGRAPH_DATA_DIR: platform.dataDir });
const command = (...args: string[]) => runCommand(args, env());
const idOf = ({ id }: Generation) => encodeId('Generation', id);

async function made(): Promise<Generation> {
  const { exam } = await createExam(platform);
  return makeGenerated({ ...platform, make, exam });
}

async function keepFilm(radiographId: number, studyUid: string): Promise<void> {
  async function* file() {
    yield filmInStudy(studyUid);
  }
  await keepOriginal(platform.dataSource.manager, platform.store, { radiographId }, file());
}

async function addPeer(name: string, { name: at }: Pick<TestPacs, 'name'>, ...flags: string[]): Promise<void> {
  const { code, stderr } = await command('dicom-peers', 'add', name, '--at', at, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

describeWithDcmtk('with dcmtk', () => {
  test('storescp has the objects as files, byte for byte as DICOM has them', async () => {
    const pacs = keep(await startStoreScp(join(folder, 'plain'), ['+B']));
    await addPeer('storescp', pacs);
    const generation = await made();

    const { stdout, code } = await command('dicom-send', '--to', 'storescp', '--generation', idOf(generation));
    expect({ stdout, code }).toEqual({
      stdout: `1  generation ${idOf(generation)} to storescp: succeeded, 2 of 2 objects\n`,
      code: 0,
    });
    const files = (await readdir(join(folder, 'plain'))).map((file) => join(folder, 'plain', file));
    expect(files).toHaveLength(2);
    const dump = await runProgram('dcmdump', ['+P', '0008,001c', '+P', '0002,0010', '+P', '0002,0016', ...files]);
    expect(dump.match(/\[YES\]/g)).toHaveLength(2);
    expect(dump.match(/=LittleEndianExplicit/g)).toHaveLength(2);
    expect(dump.match(/\[OSTEOGRAPH\]/g)).toHaveLength(2);
  });

  test('storescp that takes implicit little endian alone has them too', async () => {
    const pacs = keep(await startStoreScp(join(folder, 'implicit'), ['+xi']));
    await addPeer('implicit', pacs);
    const { code } = await command('dicom-send', '--to', 'implicit', '--generation', idOf(await made()));
    expect(code).toBe(0);
    const files = (await readdir(join(folder, 'implicit'))).map((file) => join(folder, 'implicit', file));
    const dump = await runProgram('dcmdump', ['+P', '0002,0010', '+P', '0028,0010', ...files]);
    expect(dump.match(/=LittleEndianImplicit/g)).toHaveLength(2);
    expect(dump.match(/US 5 /g)).toHaveLength(2);
  });

  test('dcmqrscp archives them, and dicom-find finds the study there', async () => {
    const pacs = keep(await startPacs(join(folder, 'archive'), 104));
    await addPeer('archive', pacs);
    const { code, stdout } = await command('dicom-send', '--to', 'archive', '--generation', idOf(await made()));
    const found = await command('dicom-find', '--from', pacs.name, '--patient', '1*', '--json');

    expect({ code, sent: stdout.includes('succeeded, 2 of 2 objects') }).toEqual({ code: 0, sent: true });
    expect(JSON.parse(found.stdout)).toMatchObject({
      StudyDescription: expect.stringMatching(/SYNTHETIC/),
    });
  });

  test('a name that is taken, a peer that is not there and a wrong id are refused', async () => {
    const twice = await command('dicom-peers', 'add', 'archive', '--at', 'PACS@127.0.0.1:104');
    const wrong = await command('dicom-peers', 'add', '-/-', '--at', 'PACS@127.0.0.1:104');
    const nowhere = await command('dicom-send', '--to', 'nowhere', '--generation', idOf(await made()));
    const id = await command('dicom-send', '--to', 'archive', '--generation', 'x');
    const nothing = await command('dicom-send', '--to', 'archive');
    const retried = await command('dicom-sendings', 'retry', '1');

    expect([twice, wrong, nowhere, id, nothing, retried].map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(twice.stderr).toBe('osteograph: There is a peer "archive" already.\n');
    expect(nowhere.stderr).toBe('osteograph: There is no peer "nowhere".\n');
    expect(id.stderr).toBe('osteograph: "x" is no id of a generation.\n');
    expect(nothing.stderr).toContain('1 to 1000 generations and series can be sent at a time, got 0.');
    expect(retried.stderr).toBe(
      'osteograph: The sending is SUCCEEDED; only a FAILED or CANCELED one can be retried.\n',
    );
  });
});

describe('a process that sends', () => {
  test('is killed, and the next one goes on behind what the PACS has', async () => {
    const receiver = keep(await startReceiver({ answer: (count) => (count === 2 ? 'SILENT' : 0) }));
    await addPeer('slow', { name: `PACS@127.0.0.1:${receiver.port}` });
    const generation = await made();
    const radiographId = generation.radiographId!;
    await platform.dataSource.getRepository(Radiograph).update({ id: radiographId }, { provenance: 'REAL' });
    await keepFilm(radiographId, '2.25.70');
    const args = [compiledModule('cli/main'), 'dicom-send', '--to', 'slow', '--generation', idOf(generation)];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env() }, stdio: 'ignore' });
    await receiver.until(2);
    child.kill('SIGKILL');
    await once(child, 'close');
    const sendings = platform.dataSource.getRepository(DicomSending);
    const [lost] = await sendings.find({ order: { id: 'DESC' }, take: 1 });
    expect(lost).toMatchObject({ state: 'RUNNING', attempt: 1 });

    // The film comes with another study meanwhile: the volume stays in the one that it was begun in.
    await keepFilm(radiographId, '2.25.71');
    await fallSilent(platform, 'dicom_sending', String(lost!.id));
    const { code } = await command('dicom-send', '--to', 'slow', '--generation', idOf(generation));
    expect(code).toBe(0);
    expect(await sendings.findOneByOrFail({ id: lost!.id })).toMatchObject({ state: 'SUCCEEDED', attempt: 2, sent: 2 });
    expect(new Set(receiver.received.map(({ dataSet }) => dataSet.string('x0020000d')))).toEqual(new Set(['2.25.70']));
    await forgetOriginal(platform.dataSource.manager, { radiographId });
    const list = await command('dicom-sendings', '--state', 'SUCCEEDED', '--json');
    expect(list.stdout).toContain(`"id":${lost!.id},"peer":"slow"`);
  });
});

describeWithDcmtk('over TLS', () => {
  let files: TlsTestFiles;
  const dcmtk = ({ cert, key }: { cert: string; key: string }) => ['+tls', key, cert, '+cf', files.ca];
  const ours = ({ cert, key }: { cert: string; key: string }, ca = files.ca) => [
    ...['--tls-cert', cert, '--tls-key', key],
    ...['--tls-ca', ca],
  ];

  beforeAll(async () => {
    files = await makeTlsFiles(folder);
  });

  test('results reach a storescp that wants to see our certificate, and nothing does where it does not like it', async () => {
    const pacs = keep(await startStoreScp(join(folder, 'tls'), [], dcmtk(files.server)));
    await addPeer('tls', pacs, '--tls');
    const send = async (...flags: string[]) =>
      command('dicom-send', '--to', 'tls', '--generation', idOf(await made()), ...flags);

    const good = await send(...ours(files.client));
    const unknown = await send(...ours(files.stranger));
    const none = await send('--tls-ca', files.ca);
    const untrusted = await send('--tls-cert', files.client.cert, '--tls-key', files.client.key);

    expect([good.code, unknown.code, none.code, untrusted.code]).toEqual([0, 1, 1, 1]);
    expect(good.stdout).toContain('succeeded, 2 of 2 objects');
    for (const { stdout } of [unknown, none, untrusted]) {
      expect(stdout).toMatch(/failed, 0 of 2 objects\n {4}PACS at 127\.0\.0\.1:\d+ and we do not come to TLS: .+\.\n$/);
    }
    expect(await readdir(join(folder, 'tls'))).toHaveLength(2);
  });

  test('a PACS is searched over TLS, and one whose certificate is for another machine is not trusted', async () => {
    // dcmqrscp speaks no TLS itself.
    const archive = keep(await startPacs(join(folder, 'tls-archive'), 104));
    const pacs = keep(await startTlsFront(archive, files));
    const find = (from: string, ...flags: string[]) => command('dicom-find', '--from', from, ...flags);

    const found = await find(pacs.name, '--tls', ...ours(files.client));
    const elsewhere = await find(pacs.name.replace('127.0.0.1', 'localhost'), '--tls', ...ours(files.client));

    expect(found).toMatchObject({ code: 0, stdout: 'Nothing is found.\n' });
    expect(elsewhere.stderr).toMatch(/and we do not come to TLS: Hostname\/IP does not match certificate's altnames/);
  });

  describe('the listener', () => {
    let listener: ListenProcess;
    let release: ReleaseFolder;

    beforeAll(async () => {
      release = await ReleaseFolder.make();
      await knowParticipant(platform.dataSource, '9000001');
      const flags = ['--allow', 'STORESCU', '--visit', 'V00', '--tls', ...ours(files.server)];
      listener = await startListen(flags, env());
    });

    afterAll(async () => {
      await listener.end('SIGTERM');
      await release.remove();
    });

    const store = (file: string, ...tls: string[]) =>
      runProgram('storescu', [...tls, '-aec', 'OSTEOGRAPH', '127.0.0.1', String(listener.port), file]);

    test('takes an image of whoever shows a certificate of its authority, and of nobody else', async () => {
      const film = await release.write('film.dcm', filmFile('9000001', '5'));
      await expect(store(film)).rejects.toThrow();
      await expect(store(film, '+tla', '+cf', files.ca)).rejects.toThrow();
      await expect(store(film, ...dcmtk(files.stranger))).rejects.toThrow();
      const count = () => platform.dataSource.query<{ n: number }[]>(`SELECT count(*)::int AS n FROM original_object`);
      expect(await count()).toEqual([{ n: 0 }]);

      await store(film, ...dcmtk(files.client));
      expect(await count()).toEqual([{ n: 1 }]);
    });

    test('speaks no TLS older than 1.2', async () => {
      const old = runProgram('openssl', [
        ...['s_client', '-connect', `127.0.0.1:${listener.port}`, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
        ...['-cert', files.client.cert, '-key', files.client.key, '-CAfile', files.ca],
      ]);
      await expect(old).rejects.toThrow(/alert protocol version|no protocols available/);
    });
  });

  test.each<[string, () => string[], string | RegExp]>([
    ['without a certificate', () => ['--tls'], 'TLS needs our certificate and its key: give --tls-cert and --tls-key.'],
    [
      'with a certificate alone',
      () => ['--tls', '--tls-cert', files.server.cert],
      'A certificate and its key belong together: give --tls-cert and --tls-key.',
    ],
    [
      'with the key of another',
      () => ['--tls', '--tls-cert', files.server.cert, '--tls-key', files.client.key],
      /server\.pem, \S+client\.key cannot be used for TLS: .+\.$/m,
    ],
    [
      'with a file that is not there',
      () => ['--tls', '--tls-cert', join(folder, 'none.pem'), '--tls-key', files.client.key],
      /none\.pem cannot be read \(ENOENT\)\.$/m,
    ],
  ])('a listener %s does not start', async (_, flags, sentence) => {
    const { code, stderr } = await command('dicom-listen', '--allow', 'X', '--port', '0', ...flags());
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  });
});
