import { randomUUID } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeId } from '../../src/domain/global-ids.js';
import {
  Asset,
  Batch,
  Evaluation,
  Export,
  Generation,
  MriSeries,
  Radiograph,
  ReaderStudy,
  Webhook,
  WebhookDelivery,
} from '../../src/entities/index.js';
import type { Work } from '../../src/entities/index.js';
import { startWorker } from '../../src/server/worker.js';
import { KINDS } from '../../src/server/kinds.js';
import { cancelBatch } from '../../src/services/batches/index.js';
import { cancelEvaluation, EVALUATION, requestEvaluation } from '../../src/services/evaluations/index.js';
import { cancelExport, EXPORT, requestExport } from '../../src/services/exports/index.js';
import {
  cancelGeneration,
  GENERATION,
  requestGeneration,
  requestProgression,
  requestRestoration,
} from '../../src/services/generations/index.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { closeReaderStudy, createReaderStudy, READER_STUDY } from '../../src/services/reader-studies/index.js';
import type { TokenPrincipal } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { type BlobStore, storeAsset } from '../../src/storage/index.js';
import { cancelWork, enterLog, type LogBody, startRunner, type Timings, type WorkKind } from '../../src/work/index.js';
import { callingTls, courierOf } from '../../src/server/dicom/index.js';
import {
  addPeer,
  cancelSending,
  DICOM_SENDING,
  findSending,
  requestSendings,
} from '../../src/services/sendings/index.js';
import { cancelT2Map, findT2Map, requestT2Map, T2_MAP } from '../../src/services/t2-maps/index.js';
import { createWebhook, findDelivery, WEBHOOK_DELIVERY } from '../../src/services/webhooks/index.js';
import { webhookPost } from '../../src/server/webhook-post.js';
import { batchOf } from './batches.js';
import { startReceiver } from './dicom-receiver.js';
import { makeGenerated } from './dicomweb.js';
import { makeEchoSeries } from './echoes.js';
import { factories } from './factories.js';
import { createExam, silent, type TestPlatform } from './platform.js';
import { drawnKneePng } from './radiographs.js';
import { startWebhookReceiver } from './webhook-receiver.js';
import { startWorkerProcess, type WorkerProcess } from './worker-process.js';

/** Where a process under test finds the platform: its database may be taken away, and its blobs. */
export interface Host {
  platform: TestPlatform;
  /** The same database, by the way that a test can cut. */
  dataSource: TestPlatform['dataSource'];
  databaseUrl: string;
  store: BlobStore;
  timings: Timings;
}

export interface Process {
  close(): Promise<void>;
}

/** How the contract suite gets work of one kind, has it done, and looks at what became of it. */
export interface Subject {
  /** Enters new work that nobody is told of. @param slow it can be caught in the middle. @returns its id */
  enter(slow?: boolean): Promise<string>;
  /** The work that is run: itself, or what moves it. */
  run(id: string): Promise<{ kind: WorkKind<Work, LogBody>; id: string }>;
  cancel(id: string): Promise<unknown>;
  /** A process of its own that does such work, and can be killed; absent for what is done inside a server. */
  spawn?(): Promise<WorkerProcess>;
  /** Starts a process that does such work. */
  start(host: Host): Promise<Process>;
  /** A blob that the work reads; absent where it reads none. */
  input?(id: string): Promise<Asset>;
  /** Where it reads none: spoils what else it reads. @returns puts it right again */
  spoil?(id: string): Promise<() => Promise<void>>;
  state(id: string): Promise<string>;
}

/** Some seconds of work. */
const SLOW = { sliceCount: 20, steps: 20 } as const;

/** Spoils the bytes of a blob. @returns puts them right again */
export async function damage(
  { store }: Pick<TestPlatform, 'store'>,
  { storageKey }: Asset,
): Promise<() => Promise<void>> {
  const path = join(store.location, storageKey);
  const chunks: Buffer[] = [];
  for await (const chunk of await store.open(storageKey)) chunks.push(chunk as Buffer);
  await writeFile(path, Buffer.from('not what was stored'));
  return () => writeFile(path, Buffer.concat(chunks));
}

/** A subject for each registered kind, by its table, and for a generation of another task than volumes. */
export async function makeSubjects(platform: TestPlatform): Promise<Record<string, Subject>> {
  const { dataSource } = platform;
  const { manager } = dataSource;
  const { token } = await createToken(dataSource, { name: 'contract', role: 'ADMIN' });
  const viewer: TokenPrincipal = { tokenId: token.id, name: 'contract', role: 'ADMIN', project: null, expiresAt: null };
  // Whoever does the work has to find it.
  const services = { dataSource, queue: { enqueue: () => Promise.resolve() } };
  const assetOf = async (id: number | null) => manager.findOneByOrFail(Asset, { id: id! });
  const oneAtATime = async ({ dataSource: own, databaseUrl, store, timings }: Host): Promise<Process> =>
    startWorker({ dataSource: own, databaseUrl, store, devices: ['cpu'], threads: 1, timings, logger: silent });

  const generation: Subject = {
    async enter(slow) {
      const { exam } = await createExam(platform, { mri: true });
      const size = slow ? SLOW : { sliceCount: 2, steps: 1 };
      return (await requestGeneration(services, viewer, { examId: exam.id, seed: 1, ...size })).id;
    },
    run: (id) => Promise.resolve({ kind: asAny(GENERATION), id }),
    cancel: (id) => cancelGeneration(services, viewer, id),
    start: oneAtATime,
    spawn: () => startWorkerProcess(platform),
    async input(id) {
      const row = await manager.findOneOrFail(Generation, { where: { id }, relations: { radiograph: true } });
      return assetOf(row.radiograph!.assetId);
    },
    state: async (id) => (await manager.findOneByOrFail(Generation, { id })).state,
  };

  const restorers = join(platform.dataDir, 'restorers');
  const restorer = join(packageRoot, 'test/golden/tiny-restorer-bundle');
  await cp(restorer, join(restorers, 'tiny-restorer', '1.0.0'), { recursive: true });
  await registerBundles(dataSource, restorers);
  const restoration: Subject = {
    ...generation,
    async enter(slow) {
      const { exam } = await createExam(platform);
      const aim = slow ? { upscale: { factor: 4 }, steps: 2 } : { denoise: { sigma: 10 } };
      return (await requestRestoration(services, viewer, { examId: exam.id, ...aim })).id;
    },
  };

  const progressions = join(platform.dataDir, 'progressions');
  for (const bundle of ['tiny-progression-bundle', 'tiny-reader-bundle']) {
    await cp(join(packageRoot, 'test/golden', bundle), join(progressions, bundle, '1.0.0'), { recursive: true });
  }
  await registerBundles(dataSource, progressions);
  const progression: Subject = {
    ...generation,
    async enter(slow) {
      const { exam, radiograph } = await createExam(platform);
      const knee = await storeAsset(manager, platform.store, drawnKneePng(150), 'image/png');
      await manager.update(Radiograph, { id: radiograph.id }, { assetId: knee.id, rows: 224, columns: 224 });
      const wish = { ownKl: 0, targetKl: 4, frameCount: slow ? 33 : 2 };
      // The film shows this knee alone and is cut as it is.
      const box = { left: 0, top: 0, side: 224 };
      return (await requestProgression(services, viewer, { examId: exam.id, box, ...wish })).id;
    },
  };

  const batch: Subject = {
    async enter(slow) {
      const { exam } = await createExam(platform);
      const request = { seed: 1, ...(slow ? SLOW : {}) };
      return (await batchOf({ ...services, queue: services.queue as never }, [exam], request, token.id)).id;
    },
    async run(id) {
      return { kind: asAny(GENERATION), id: (await manager.findOneByOrFail(Generation, { batchId: id })).id };
    },
    cancel: (id) => cancelBatch(services, viewer, id),
    start: oneAtATime,
    spawn: () => startWorkerProcess(platform),
    input: async (id) => generation.input!((await batch.run(id)).id),
    state: async (id) => (await manager.findOneByOrFail(Batch, { id })).state,
  };

  // A knee, its volume and its scores, which evaluations take over and studies show.
  const { exam } = await createExam(platform, { mri: true });
  const series = await manager.findOneByOrFail(MriSeries, { examId: exam.id, synthetic: false });
  const where = { id: { in: [encodeId('KneeExam', exam.id)] } };
  const evaluation: Subject = {
    async enter() {
      const arms = { bundles: ['tiny-bundle'], steps: [1], sliceCounts: [8] };
      const { id } = await requestEvaluation(dataSource, viewer, { ...arms, where, written: where });
      // The next request is to make another one and not to find this.
      await manager.update(Evaluation, { id }, { key: randomUUID() });
      return id;
    },
    run: (id) => Promise.resolve({ kind: asAny(EVALUATION), id }),
    cancel: (id) => cancelEvaluation(dataSource, viewer, id),
    start: ({ dataSource: own, store, timings }) => {
      const resources = { store, queue: services.queue };
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      return Promise.resolve(startRunner({ ...shared, kind: EVALUATION, resources }));
    },
    input: () => assetOf(series.assetId),
    state: async (id) => (await manager.findOneByOrFail(Evaluation, { id })).state,
  };

  const readerStudy: Subject = {
    async enter() {
      const { id } = await manager.findOneByOrFail(Evaluation, { state: 'SUCCEEDED' });
      const study = { name: 'Real or not', evaluationId: id, unit: 'SLICE', pairs: 2 } as const;
      return (await createReaderStudy(dataSource, viewer, study)).id;
    },
    run: (id) => Promise.resolve({ kind: asAny(READER_STUDY), id }),
    cancel: (id) => closeReaderStudy(dataSource, viewer, id),
    start: ({ dataSource: own, store, timings }) => {
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      return Promise.resolve(startRunner({ ...shared, kind: READER_STUDY, resources: { store } }));
    },
    input: () => assetOf(series.assetId),
    state: async (id) => (await manager.findOneByOrFail(ReaderStudy, { id })).state,
  };

  const archive: Subject = {
    async enter() {
      const request = { format: 'NIFTI_ZIP', where, written: where } as const;
      return String((await requestExport(dataSource, viewer, request, 'exportCohort')).id);
    },
    run: (id) => Promise.resolve({ kind: asAny(EXPORT), id }),
    cancel: (id) => cancelExport(dataSource, viewer, Number(id)),
    start: ({ dataSource: own, store, timings }) => {
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      return Promise.resolve(startRunner({ ...shared, kind: EXPORT, resources: { store } }));
    },
    input: () => assetOf(series.assetId),
    state: async (id) => (await manager.findOneByOrFail(Export, { id: Number(id) })).state,
  };

  const receiver = await startReceiver();
  const address = { aeTitle: 'PACS', host: '127.0.0.1', port: receiver.port };
  await addPeer(dataSource, viewer, { name: 'pacs', ...address, callingAeTitle: 'OSTEOGRAPH', tls: false });
  const make = factories(dataSource);
  const sending: Subject = {
    async enter() {
      const { exam: knee } = await createExam(platform);
      const made = await makeGenerated({ dataSource, store: platform.store, make, exam: knee });
      const [row] = await requestSendings(dataSource, viewer, { peer: 'pacs', generations: [made.id] });
      return String(row!.id);
    },
    run: (id) => Promise.resolve({ kind: asAny(DICOM_SENDING), id }),
    cancel: (id) => cancelSending(dataSource, viewer, Number(id)),
    start: ({ dataSource: own, store, timings }) => {
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      const resources = { store, courier: courierOf(callingTls({})), away: new Map() };
      return Promise.resolve(startRunner({ ...shared, kind: DICOM_SENDING, resources }));
    },
    async input(id) {
      const { series: image } = await findSending(dataSource, viewer, Number(id));
      const { assetId } = await manager.findOneByOrFail(MriSeries, { generationId: image.generationId! });
      return assetOf(assetId);
    },
    state: async (id) => (await findSending(dataSource, viewer, Number(id))).state,
  };

  const t2Map: Subject = {
    async enter() {
      const { exam: knee } = await createExam(platform);
      const [echo] = await makeEchoSeries({ dataSource, store: platform.store, make }, knee, [10, 20, 30]);
      return String((await requestT2Map(dataSource, viewer, { seriesId: echo!.id })).id);
    },
    run: (id) => Promise.resolve({ kind: asAny(T2_MAP), id }),
    cancel: (id) => cancelT2Map(dataSource, viewer, Number(id)),
    start: ({ dataSource: own, store, timings }) => {
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      return Promise.resolve(startRunner({ ...shared, kind: T2_MAP, resources: { store } }));
    },
    async input(id) {
      const { seriesId } = await findT2Map(dataSource, Number(id));
      return assetOf((await manager.findOneByOrFail(MriSeries, { id: seriesId })).assetId);
    },
    state: async (id) => (await findT2Map(dataSource, Number(id))).state,
  };

  const hooks = await startWebhookReceiver();
  const rules = { allowHttp: true, allowHosts: [new URL(hooks.url).host] };
  const told = { url: hooks.url, events: ['BATCH_PAUSED'] as const };
  const { webhook } = await createWebhook(dataSource, viewer, told, rules);
  const delivery: Subject = {
    async enter() {
      const row = { webhookId: webhook.id, event: 'BATCH_PAUSED', subject: randomUUID(), state: 'QUEUED' } as const;
      const { id } = await manager.save(manager.create(WebhookDelivery, row));
      await enterLog(manager, WEBHOOK_DELIVERY, id);
      return String(id);
    },
    run: (id) => Promise.resolve({ kind: asAny(WEBHOOK_DELIVERY), id }),
    cancel: (id) => cancelWork(manager, WEBHOOK_DELIVERY, Number(id)),
    start: ({ dataSource: own, timings }) => {
      const shared = { registry: KINDS, dataSource: own, logger: silent, timings };
      const resources = { post: webhookPost(rules), away: new Map() };
      return Promise.resolve(startRunner({ ...shared, kind: WEBHOOK_DELIVERY, resources }));
    },
    async spoil() {
      await manager.update(Webhook, { id: webhook.id }, { secret: 'whsec_' });
      return async () => void (await manager.update(Webhook, { id: webhook.id }, { secret: webhook.secret }));
    },
    state: async (id) => (await findDelivery(dataSource, viewer, Number(id))).state,
  };

  const worker = await oneAtATime({ platform, dataSource, databaseUrl: platform.url, store: platform.store } as Host);
  const first = await evaluation.enter();
  const evaluator = await evaluation.start({ platform, dataSource, databaseUrl: '', store: platform.store } as Host);
  while ((await evaluation.state(first)) !== 'SUCCEEDED') await new Promise((done) => setTimeout(done, 100));
  await evaluator.close();
  await worker.close();

  const subjects = { generation, restoration, progression, batch, evaluation, export: archive };
  return { ...subjects, reader_study: readerStudy, dicom_sending: sending, t2_map: t2Map, webhook_delivery: delivery };
}

/** A kind of whatever rows, as the kernel sees it. */
function asAny(kind: unknown): WorkKind<Work, LogBody> {
  return kind as WorkKind<Work, LogBody>;
}
