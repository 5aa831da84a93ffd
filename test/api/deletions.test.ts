import { randomUUID } from 'node:crypto';
import { encodeId } from '../../src/domain/global-ids.js';
import {
  AuditEntry,
  type Batch,
  BatchMember,
  type Bundle,
  Generation,
  type KneeExam,
} from '../../src/entities/index.js';
import type { Radiograph } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let exam: KneeExam;
let film: Radiograph;
let bundle: Bundle;
/** Key and text of a token whose work it is. */
let owner: { id: number; text: string };

beforeAll(async () => {
  api = await startTestServer();
  const visit = await api.make.visit(await api.make.participant());
  exam = await api.make.exam(visit, { side: 'LEFT' });
  film = await api.make.radiograph(visit, { assetId: (await api.make.asset()).id });
  bundle = await api.make.bundle();
  const { token, text } = await createToken(api.dataSource, { name: 'owner', role: 'OPERATOR' });
  owner = { id: token.id, text };
});

afterAll(() => api.close());

/** A finished volume of the owner's, with a slice of these bytes. */
async function finished(values: Partial<Generation> = {}, bytes: string = randomUUID()) {
  const row = await api.make.generation(exam, film, bundle, {
    state: 'SUCCEEDED',
    requestedById: owner.id,
    ...values,
  });
  const asset = await storeAsset(api.dataSource.manager, api.store, Buffer.from(bytes), 'image/png');
  await api.make.slice(row, asset);
  await api.make.series(exam, { generationId: row.id });
  return { key: row.id, id: encodeId('Generation', row.id), asset };
}

async function batchOf(generations: { key: string }[], values: Partial<Batch> = {}) {
  const batch = await api.make.batch(bundle, { requestedById: owner.id, ...values });
  for (const [at, { key }] of generations.entries()) {
    const member = { batchId: batch.id, position: at + 1, examId: exam.id, generationId: key };
    await api.dataSource.getRepository(BatchMember).insert(member);
  }
  return { key: batch.id, id: encodeId('Batch', batch.id) };
}

const remove = (what: 'Generation' | 'Batch', id: string, token = owner.text) =>
  api.ask(`mutation ($id: ID!) { delete${what}(input: { id: $id }) { deleted${what}Id } }`, { id }, token);

const refusal = async (answer: ReturnType<typeof remove>) => {
  const { errors } = await answer;
  return [errors![0]!.extensions.code, errors![0]!.message];
};

const exists = (key: string) => api.dataSource.manager.existsBy(Generation, { id: key });

async function addressOf(id: string): Promise<string> {
  const { data } = await api.ask<{ generation: { slices: { image: { url: string } }[] } }>(
    'query ($id: ID!) { generation(id: $id) { slices { image { url } } } }',
    { id },
  );
  return api.url + data!.generation.slices[0]!.image.url;
}

test('a deleted generation is gone with its files and signed addresses, and the audit says what it was', async () => {
  const { id, key, asset } = await finished();
  const address = await addressOf(id);
  expect((await fetch(address)).status).toBe(200);

  expect((await remove('Generation', id)).data).toEqual({ deleteGeneration: { deletedGenerationId: id } });

  expect((await fetch(address)).status).toBe(404);
  expect(await api.store.exists(asset.storageKey)).toBe(false);
  expect((await api.ask('query ($id: ID!) { generation(id: $id) { id } }', { id })).data).toEqual({ generation: null });
  const entry = await api.dataSource.manager.findOneByOrFail(AuditEntry, { target: key });
  expect(entry).toMatchObject({
    ...{ action: 'deleteGeneration', tokenId: owner.id },
    detail: { state: 'SUCCEEDED', examId: exam.id, bundleId: bundle.id },
  });
  expect(await refusal(remove('Generation', id))).toEqual(['NOT_FOUND', expect.any(String)]);
});

test('a file that another generation has as well stays', async () => {
  const [one, other] = [await finished({}, 'the same slice'), await finished({}, 'the same slice')];
  await remove('Generation', one.id);
  expect((await fetch(await addressOf(other.id))).status).toBe(200);
});

test('what waits or runs is canceled first', async () => {
  for (const state of ['QUEUED', 'RUNNING'] as const) {
    const { id, key } = await finished({ state });
    expect(await refusal(remove('Generation', id))).toEqual([
      'CONFLICT',
      `The generation is ${state}; cancel it first.`,
    ]);
    expect(await exists(key)).toBe(true);
  }
  const running = await batchOf([], { state: 'RUNNING' });
  expect(await refusal(remove('Batch', running.id))).toEqual(['CONFLICT', 'The batch is RUNNING; cancel it first.']);
});

test('another operator deletes nothing, an administrator does', async () => {
  const { id, key } = await finished();
  const batch = await batchOf([]);
  for (const answer of [
    remove('Generation', id, api.tokens.OPERATOR),
    remove('Batch', batch.id, api.tokens.OPERATOR),
  ]) {
    expect((await refusal(answer))[0]).toBe('FORBIDDEN');
  }
  expect(await exists(key)).toBe(true);
  expect((await remove('Generation', id, api.tokens.ADMIN)).errors).toBeUndefined();
  expect((await remove('Batch', batch.id, api.tokens.ADMIN)).errors).toBeUndefined();
});

test('a batch goes with the volumes made for it; those it took over stay', async () => {
  const before = await finished();
  const batch = await batchOf([before]);
  const own = await finished({ batchId: batch.key, batchPosition: 2 });
  await api.dataSource
    .getRepository(BatchMember)
    .insert({ batchId: batch.key, position: 2, examId: exam.id, generationId: own.key });
  expect(await refusal(remove('Generation', own.id))).toEqual([
    'CONFLICT',
    'The generation belongs to the batch "all lefts"; delete that batch first.',
  ]);

  expect((await remove('Batch', batch.id)).data).toEqual({ deleteBatch: { deletedBatchId: batch.id } });

  expect([await exists(before.key), await exists(own.key)]).toEqual([true, false]);
  expect(await api.store.exists(own.asset.storageKey)).toBe(false);
  expect(await api.dataSource.manager.countBy(BatchMember, { batchId: batch.key })).toBe(0);
  const entry = await api.dataSource.manager.findOneByOrFail(AuditEntry, { target: batch.key });
  expect(entry).toMatchObject({ action: 'deleteBatch', detail: { name: 'all lefts', generations: 1 } });
});

test('a batch whose volume another batch took over has to stay as long as that one does', async () => {
  const first = await batchOf([], { name: 'first' });
  const volume = await finished({ batchId: first.key });
  const second = await batchOf([volume], { name: 'second' });

  expect(await refusal(remove('Batch', first.id))).toEqual([
    'CONFLICT',
    'A volume of this batch belongs to the batch "second"; delete that batch first.',
  ]);
  await remove('Batch', second.id);
  expect(await exists(volume.key)).toBe(true);
  expect((await remove('Batch', first.id)).errors).toBeUndefined();
  expect(await exists(volume.key)).toBe(false);
});
