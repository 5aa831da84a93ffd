import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeId } from '../../src/domain/global-ids.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { addPeer } from '../../src/services/sendings/index.js';
import { freePort } from '../helpers/dicom-process.js';
import {
  type DicomwebServer,
  type Json,
  makeGenerated,
  makeRestored,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { hasProgram } from '../helpers/python.js';

/** Debian's packages orthanc and orthanc-dicomweb. */
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const describeWithOrthanc = hasProgram('Orthanc') && existsSync(PLUGIN) ? describe : describe.skip;

describeWithOrthanc('Orthanc', () => {
  let api: DicomwebServer;
  let folder: string;
  let orthanc: ChildProcess;
  let url: string;

  beforeAll(async () => {
    api = await startDicomwebServer();
    folder = await mkdtemp(join(tmpdir(), 'osteograph-orthanc-'));
    await mkdir(join(folder, 'storage'));
    const [httpPort, dicomPort] = [await freePort(), await freePort()];
    const settings = {
      ...{ Name: 'Test', StorageDirectory: join(folder, 'storage'), IndexDirectory: join(folder, 'storage') },
      ...{ HttpPort: httpPort, DicomPort: dicomPort, DicomAet: 'ORTHANC', DicomCheckCalledAet: true },
      ...{ RemoteAccessAllowed: false, AuthenticationEnabled: false, DicomAlwaysAllowStore: true },
      Plugins: [PLUGIN],
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
    };
    await writeFile(join(folder, 'orthanc.json'), JSON.stringify(settings));
    orthanc = spawn('Orthanc', [join(folder, 'orthanc.json')], { stdio: 'ignore' });
    url = `http://127.0.0.1:${httpPort}`;
    while (
      !(await fetch(`${url}/system`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await delay(100);
    const address = { aeTitle: 'ORTHANC', host: '127.0.0.1', port: dicomPort };
    await addPeer(api.dataSource, COMMAND_LINE, {
      name: 'orthanc',
      ...address,
      callingAeTitle: 'OSTEOGRAPH',
      tls: false,
    });
  });

  afterAll(async () => {
    const ended = once(orthanc, 'close');
    orthanc.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
    await api.close();
  });

  const search = async (path: string): Promise<Json[]> =>
    (await (
      await fetch(`${url}/dicom-web${path}`, { headers: { accept: 'application/dicom+json' } })
    ).json()) as Json[];

  test('a film and what was made from it are one study of one patient there, found by QIDO-RS', async () => {
    const [film] = await api.search('/series?Modality=CR');
    const made = [await makeGenerated(api), await makeRestored(api)];
    const { data, errors } = await api.ask<{ sendDicom: { sendings: { id: string }[] } }>(
      'mutation ($input: SendDicomInput!) { sendDicom(input: $input) { sendings { id } } }',
      {
        input: {
          peer: 'orthanc',
          generationIds: made.map(({ id }) => encodeId('Generation', id)),
          seriesUids: [valueOf(film, '0020000E')],
        },
      },
    );
    expect(errors).toBeUndefined();
    const ids = data!.sendDicom.sendings.map(({ id }) => id);
    for (;;) {
      const { data: now } = await api.ask<{ nodes: { state: string; error: string | null }[] }>(
        'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on DicomSending { state error } } }',
        { ids },
      );
      if (now!.nodes.every(({ state }) => state === 'SUCCEEDED')) break;
      expect(now!.nodes.map(({ error }) => error)).toEqual([null, null, null]);
      await delay(200);
    }

    const study = String(valueOf(film, '0020000D'));
    const [patient, ...others] = (await (await fetch(`${url}/patients?expand`)).json()) as { MainDicomTags: object }[];
    expect(others).toEqual([]);
    expect(patient!.MainDicomTags).toMatchObject({ PatientID: '9000001' });
    const studies = await search('/studies');
    expect(studies.map((one) => valueOf(one, '0020000D'))).toEqual([study]);
    const series = await search(`/studies/${study}/series`);
    const described = series.map((one) => [valueOf(one, '00080060'), valueOf(one, '0020000E')]);
    const listed = await api.search(`/studies/${study}/series`);
    expect(described.sort()).toEqual(listed.map((one) => [valueOf(one, '00080060'), valueOf(one, '0020000E')]).sort());
    expect(described.map(([modality]) => modality).sort()).toEqual(['CR', 'CR', 'MR']);
    expect(await search(`/studies/${study}/instances`)).toHaveLength(4);
  });
});
