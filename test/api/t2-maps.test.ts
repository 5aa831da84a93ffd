import { encodeId } from '../../src/domain/global-ids.js';
import { Asset, AuditEntry, type KneeExam, type MriSeries, T2Map } from '../../src/entities/index.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { T2_MAP } from '../../src/services/t2-maps/index.js';
import { type EventLogs, logOf, type LogRow, openEventLogs } from '../../src/work/index.js';
import { ECHO_GRID, makeEchoSeries, t2At } from '../helpers/echoes.js';
import { silent } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { stateOf } from '../helpers/work-rows.js';

let api: TestServer;
let logs: { logs: { maps: EventLogs<LogRow> }; close(): Promise<void> };

beforeAll(async () => {
  api = await startTestServer();
  const sources = { maps: logOf(api.dataSource, T2_MAP, (_, row) => row) };
  logs = await openEventLogs({ databaseUrl: api.databaseUrl, logger: silent, sources });
});

afterAll(async () => {
  await logs.close();
  await api.close();
});

async function makeExam(oaiId: string): Promise<KneeExam> {
  const participant = await api.make.participant({ oaiId });
  return api.make.exam(await api.make.visit(participant));
}

const makeEchoes = (exam: KneeExam, times: readonly number[], signal?: number) =>
  makeEchoSeries(api, exam, times, signal);

const FIELDS =
  'id state echoTimes skipFirst floor fraction tried fitted median error volume { url mediaType } dicom { url mediaType } series { id }';

interface Map {
  id: string;
  [field: string]: unknown;
}

const ask = (input: object, token = api.tokens.OPERATOR) =>
  api.ask<{ t2Map: { t2Map: Map } }>(
    `mutation ($input: T2MapInput!) { t2Map(input: $input) { t2Map { ${FIELDS} } } }`,
    { input },
    token,
  );

/** Waits for a state; gives the map as a reader then sees it. */
async function until(id: string, ...states: string[]): Promise<Map> {
  const key = Buffer.from(id, 'base64url').toString().split(':')[1]!;
  for await (const line of logs.logs.maps.subscribe(key, 0)) if (states.includes(stateOf(line) ?? '')) break;
  const { data } = await api.ask<{ node: Map }>(
    `query ($id: ID!) { node(id: $id) { ... on T2Map { ${FIELDS} } } }`,
    { id },
    api.tokens.READER,
  );
  return data!.node;
}

test('a multi-echo series gets a map of T2 in ms on its own grid, which says that it is derived', async () => {
  const echoes = await makeEchoes(await makeExam('9100001'), [70, 10, 20, 30, 40, 50, 60]);
  const seriesId = encodeId('MriSeries', echoes[2]!.id);
  const { data, errors } = await ask({ seriesId });
  expect(errors).toBeUndefined();
  const again = await ask({ seriesId: encodeId('MriSeries', echoes[0]!.id) });
  const map = await until(data!.t2Map.t2Map.id, 'SUCCEEDED');

  expect(again.data!.t2Map.t2Map.id).toBe(map.id);
  expect(map).toMatchObject({
    ...{ state: 'SUCCEEDED', echoTimes: [10, 20, 30, 40, 50, 60, 70], skipFirst: false, floor: 0.1, fraction: 1 },
    ...{ tried: 60, fitted: 60, error: null, series: { id: seriesId }, volume: { mediaType: 'application/gzip' } },
  });
  expect(map['median']).toBeCloseTo(40, 1);
  const response = await fetch(new URL((map['volume'] as { url: string }).url, api.url));
  const { volume, description } = await decodeNifti(Buffer.from(await response.arrayBuffer()), 'map');
  expect([volume.columns, volume.rows, volume.slices]).toEqual([ECHO_GRID.columns, ECHO_GRID.rows, ECHO_GRID.slices]);
  for (const [at, value] of volume.data.entries()) expect(value).toBeCloseTo(t2At(at), 1);
  expect(description).toBe('DERIVED T2 map, ms');
  const { url, mediaType } = map['dicom'] as { url: string; mediaType: string };
  const object = await fetch(new URL(url, api.url), { headers: { range: 'bytes=128-131' } });
  expect([object.status, await object.text(), object.headers.get('content-type'), mediaType]).toEqual([
    206,
    'DICM',
    'application/dicom',
    'application/dicom',
  ]);
  const downloads = await api.dataSource.getRepository(AuditEntry).findBy({ action: 't2Map.download' });
  expect(downloads.map(({ detail }) => detail)).toEqual([{ start: 128, end: 131 }]);
  const audited = await api.dataSource.getRepository(AuditEntry).findBy({ action: 't2Map' });
  expect(audited.map(({ detail }) => detail)).toMatchObject([{ echoTimes: [10, 20, 30, 40, 50, 60, 70] }]);
});

test('a series without signal fails with the sentence of the command line', async () => {
  const [dark] = await makeEchoes(await makeExam('9100002'), [10, 20, 30, 40], 0);
  const { data } = await ask({ seriesId: encodeId('MriSeries', dark!.id), skipFirst: true, floor: 0 });
  expect(await until(data!.t2Map.t2Map.id, 'FAILED')).toMatchObject({
    error: 'The series has no voxel whose signal decays; there is no T2 to map.',
    volume: null,
    skipFirst: true,
    floor: 0,
  });
});

test('what has no T2 map is refused in a sentence, and nothing is queued', async () => {
  const two = await makeEchoes(await makeExam('9100003'), [10, 20]);
  const three = await makeEchoes(await makeExam('9100004'), [10, 20, 30]);
  const twice = await makeEchoes(await makeExam('9100005'), [10, 20, 30, 30]);
  const alone = await api.make.series(await makeExam('9100006'));
  const idOf = (series: MriSeries | undefined) => encodeId('MriSeries', series!.id);
  const before = await api.dataSource.getRepository(T2Map).count();
  const refusals = [
    await ask({ seriesId: idOf(two[0]) }),
    await ask({ seriesId: idOf(three[0]), skipFirst: true }),
    await ask({ seriesId: idOf(twice[0]) }),
    await ask({ seriesId: idOf(alone) }),
    await ask({ seriesId: idOf(three[0]), floor: 1 }),
    await ask({ seriesId: encodeId('MriSeries', 999_999) }),
    await ask({ seriesId: idOf(three[0]) }, api.tokens.READER),
  ];

  const needs = 'A T2 map needs at least 3 echoes of different echo times';
  expect(refusals.map(({ errors }) => errors![0]!.message)).toEqual([
    `${needs}; the series has 10, 20 ms.`,
    `${needs} after the first; the series has 10, 20, 30 ms.`,
    `${needs}; the series has 10, 20, 30, 30 ms.`,
    `${needs}; the series has none ms.`,
    'floor is 1; it must be from 0 to below 1.',
    'There is no such MRI series of an exam.',
    't2Map needs the role OPERATOR; this token has READER.',
  ]);
  expect(await api.dataSource.getRepository(T2Map).count()).toBe(before);
});

test('an erasure takes the maps of a participant with it, and their files', async () => {
  const [echo] = await makeEchoes(await makeExam('9100007'), [10, 21, 32]);
  const { data } = await ask({ seriesId: encodeId('MriSeries', echo!.id) });
  await until(data!.t2Map.t2Map.id, 'SUCCEEDED');
  const row = await api.dataSource.getRepository(T2Map).findOneByOrFail({ seriesId: echo!.id });

  await eraseParticipant({ dataSource: api.dataSource, store: api.store }, COMMAND_LINE, {
    oaiId: '9100007',
    dryRun: false,
  });
  expect(await api.dataSource.getRepository(T2Map).findOneBy({ id: row.id })).toBeNull();
  expect(await api.dataSource.getRepository(Asset).findOneBy({ id: row.assetId! })).toBeNull();
});
