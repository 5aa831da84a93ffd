import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { Generation, Participant } from '../../src/entities/index.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { archiveChoice, exportSpec, writeArchive } from '../../src/services/exports/index.js';
import type { Where } from '../../src/services/filters/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createExam } from '../helpers/platform.js';
import { hasProgram } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

const needsUnzip = hasProgram('unzip') ? test : test.skip;

let api: TestServer;
let worker: WorkerProcess;
let examIds: string[];
let folder: string;

beforeAll(async () => {
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-results-'));
  const models = join(api.dataDir, 'models');
  const restorer = join(packageRoot, 'test/golden/tiny-restorer-bundle');
  await cp(restorer, join(models, 'tiny-restorer', '1.0.0'), { recursive: true });
  await registerBundles(api.dataSource, models);
  const exams = [await createExam(api), await createExam(api, { side: 'LEFT' })];
  examIds = exams.map(({ exam }) => encodeId('KneeExam', exam.id));
  worker = await startWorkerProcess({ dataDir: api.dataDir, url: api.databaseUrl });
});

afterAll(async () => {
  await worker.dispose();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** A batch that restores the films of all exams, once every one is done. */
async function restoredBatch(): Promise<string> {
  const { data, errors } = await api.ask<{ synthesizeCohort: { batch: { id: string } } }>(
    `mutation ($where: KneeExamFilter) { synthesizeCohort(input: { task: IMAGE_RESTORATION, where: $where, bundle: "tiny-restorer@1.0.0",
      restoration: { denoise: { sigma: 10 } }, name: "Films" }) { batch { id } } }`,
    { where: { kl: { isNull: false } } },
  );
  expect(errors).toBeUndefined();
  const { id } = data!.synthesizeCohort.batch;
  const query = 'subscription ($id: ID!) { batchProgress(id: $id) { __typename } }';
  for await (const event of api.socketClient(api.tokens.ADMIN).iterate({ query, variables: { id } })) {
    expect(event.errors).toBeUndefined();
  }
  return id;
}

async function ask(input: object) {
  return api.ask<{ exportGenerations: { export: { id: string } } }>(
    'mutation ($input: ExportGenerationsInput!) { exportGenerations(input: $input) { export { id } } }',
    { input },
    api.tokens.READER,
  );
}

interface Exported {
  state: string;
  rows: number;
  error: string | null;
  manifest: Record<string, unknown>;
  file: { url: string } | null;
}

async function archive(input: object): Promise<Exported> {
  const { data, errors } = await ask(input);
  expect(errors).toBeUndefined();
  const { id } = data!.exportGenerations.export;
  for (;;) {
    const query = 'query ($id: ID!) { export(id: $id) { state rows error manifest file { url } } }';
    const answer = await api.ask<{ export: Exported }>(query, { id }, api.tokens.READER);
    if (!['QUEUED', 'RUNNING'].includes(answer.data!.export.state)) return answer.data!.export;
  }
}

needsUnzip('what a batch of another task made comes as one archive, whose digests and manifests hold', async () => {
  const batchId = await restoredBatch();
  const { state, rows, error, manifest, file } = await archive({ batchId, format: 'FILES_ZIP' });
  expect({ state, rows, error }).toEqual({ state: 'SUCCEEDED', rows: 2, error: null });
  expect(manifest).toMatchObject({
    format: 'FILES_ZIP',
    generations: 2,
    files: 4,
    synthetic: 'ALL',
    archive: { batchId },
  });

  const zip = join(folder, 'films.zip');
  await writeFile(zip, Buffer.from(await (await fetch(api.url + file!.url)).arrayBuffer()));
  execFileSync('unzip', ['-q', zip, '-d', join(folder, 'films')]);
  const entries = await readdir(join(folder, 'films'), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'films').length + 1))
    .sort();
  const [{ oaiId: first }, { oaiId: second }] = (await api.dataSource
    .getRepository(Participant)
    .find({ order: { id: 'ASC' } })) as [Participant, Participant];
  const generated = paths.filter((path) => path.startsWith('synthetic/'));
  expect(generated.map((path) => path.replace(/tiny-restorer-1\.0\.0_[^/]+/, 'RUN'))).toEqual([
    `synthetic/${first}/V00_RIGHT/RUN/dicom.dcm`,
    `synthetic/${first}/V00_RIGHT/RUN/film.png`,
    `synthetic/${second}/V00_LEFT/RUN/dicom.dcm`,
    `synthetic/${second}/V00_LEFT/RUN/film.png`,
  ]);
  expect(paths.filter((path) => !path.startsWith('synthetic/'))).toEqual([
    'README.txt',
    'SHA256SUMS',
    'manifest.csv',
    'manifest.json',
  ]);

  const bytesOf = (path: string) => readFile(join(folder, 'films', path));
  const csv: Record<string, string>[] = parse(await bytesOf('manifest.csv'), { columns: true });
  for (const { path, sha256 } of csv) {
    expect(
      createHash('sha256')
        .update(await bytesOf(path!))
        .digest('hex'),
    ).toBe(sha256);
  }
  expect(csv.map(({ path }) => path).sort()).toEqual(generated);
  expect(csv[0]).toMatchObject({
    synthetic: 'true',
    task: 'image-restoration',
    bundle: 'tiny-restorer',
    bundle_version: '1.0.0',
    phantom: 'true',
  });
  expect(JSON.parse(csv[0]!['parameters']!)).toMatchObject({ operation: 'DENOISE', sigma: 10 });
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: join(folder, 'films') });
  const whole = JSON.parse((await bytesOf('manifest.json')).toString()) as { contents: { provenance: object }[] };
  expect(whole.contents[0]!.provenance).toMatchObject({
    bundle: { name: 'tiny-restorer' },
    film: { sha256: expect.any(String) },
  });
  const dicom = await bytesOf(generated[0]!);
  const { attributes } = await readDicom({ name: 'dicom.dcm', bytes: dicom });
  expect(attributes).toMatchObject({ synthetic: true });
});

test('an archive of files holds what was made for the exams of the filter alone, and is refused where that is nothing', async () => {
  const batchId = await restoredBatch();
  const spec = (where: Where) =>
    exportSpec(api.dataSource, COMMAND_LINE, { format: 'FILES_ZIP', where, archive: archiveChoice({ batchId }) });
  const left = await spec({ side: { eq: 'LEFT' } });
  if (!('archive' in left)) throw new Error('FILES_ZIP is an archive');
  const stream = writeArchive(
    { dataSource: api.dataSource, store: new DirectoryStore(join(api.dataDir, 'blobs')) },
    left,
  );
  for await (const _ of stream.pieces);

  expect(stream.description()).toMatchObject({ generations: 1, files: 2 });
  const { contents } = JSON.parse(stream.manifestFile()!.toString()) as { contents: { side: string }[] };
  expect(contents).toMatchObject([{ side: 'LEFT' }]);
  await expect(spec({ visit: { eq: 'V10' } })).rejects.toThrow(
    'The archive would be empty: none of its generations for exams that fit has made anything yet.',
  );
});

test('an archive of files is asked for by generations or a batch alone, and never empty', async () => {
  const messages = async (input: object) => (await ask(input)).errors?.map(({ message }) => message);
  const alone = 'FILES_ZIP holds what generations made and nothing else: give generationIds or batchId alone.';
  const none = encodeId('Generation', '00000000-0000-4000-8000-000000000000');
  const { data } = await api.ask<{ restoreRadiograph: { generation: { id: string } } }>(
    `mutation ($exam: ID!) { restoreRadiograph(input: { examId: $exam, denoise: { sigma: 70 }, bundle: "tiny-restorer@1.0.0" }) { generation { id } } }`,
    { exam: examIds[0] },
  );
  const { id } = data!.restoreRadiograph.generation;
  const query = 'subscription ($id: ID!) { generationProgress(id: $id) { seq } }';
  for await (const { errors } of api.socketClient(api.tokens.ADMIN).iterate({ query, variables: { id } })) {
    expect(errors).toBeUndefined();
  }
  await api.dataSource.getRepository(Generation).update({ id: String(decodeId(id)!.key) }, { state: 'FAILED' });

  expect(await messages({ format: 'FILES_ZIP', generationIds: [id], withReal: true })).toEqual([alone]);
  expect(await messages({ format: 'FILES_ZIP', generationIds: [none] })).toEqual([
    `There is no generation ${none} for a knee exam.`,
  ]);
  expect(await messages({ format: 'FILES_ZIP', generationIds: [id] })).toEqual([
    `The generation ${id} is FAILED and has made nothing yet.`,
  ]);
  const cohort = await api.ask('mutation { exportCohort(input: { format: FILES_ZIP }) { export { id } } }');
  expect(cohort.errors!.map(({ message }) => message)).toEqual([alone]);
});
