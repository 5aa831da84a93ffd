import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, DicomSending, type Generation } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { KINDS } from '../../src/server/kinds.js';
import { createToken } from '../../src/services/access/tokens.js';
import { addArrivalRule, removeArrivalRule } from '../../src/services/arrivals/index.js';
import { forgetOriginal } from '../../src/services/files/index.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { addPeer, DICOM_SENDING, removePeer, retrySending } from '../../src/services/sendings/index.js';
import { advance, type EventLogs, logOf, type LogRow, openEventLogs } from '../../src/work/index.js';
import { freePort } from '../helpers/dicom-process.js';
import { type Receiver, type ReceiverChoices, startReceiver } from '../helpers/dicom-receiver.js';
import { type DicomwebServer, makeGenerated, makeRestored, startDicomwebServer, valueOf } from '../helpers/dicomweb.js';
import { filmFile } from '../helpers/oai-files.js';
import { bilateralPng, upload } from '../helpers/radiographs.js';
import { silent } from '../helpers/platform.js';
import { stateOf } from '../helpers/work-rows.js';

let api: DicomwebServer;
let logs: { logs: { sendings: EventLogs<LogRow> }; close(): Promise<void> };
const receivers: Receiver[] = [];
let names = 0;

beforeAll(async () => {
  api = await startDicomwebServer();
  const sources = { sendings: logOf(api.dataSource, DICOM_SENDING, (_, row) => row) };
  logs = await openEventLogs({ databaseUrl: api.databaseUrl, logger: silent, sources });
});

afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

afterAll(async () => {
  await logs.close();
  await api.close();
});

/** A peer, and a PACS there unless it is away. */
async function peerAt(port: number, aeTitle = 'PACS'): Promise<string> {
  const name = `peer ${++names}`;
  const address = { aeTitle, host: '127.0.0.1', port };
  await addPeer(api.dataSource, COMMAND_LINE, { name, ...address, callingAeTitle: 'OSTEOGRAPH', tls: false });
  return name;
}

async function startPacs(choices: ReceiverChoices = {}): Promise<Receiver & { peer: string }> {
  const receiver = await startReceiver(choices);
  receivers.push(receiver);
  return { ...receiver, peer: await peerAt(receiver.port) };
}

const FIELDS = 'id peer state sent warned total fraction error waitingReason requestedBy generation { id } seriesUid';
const SEND = `mutation ($input: SendDicomInput!) { sendDicom(input: $input) { sendings { ${FIELDS} } } }`;

interface Sending {
  id: string;
  [field: string]: unknown;
}

const ask = (input: object, token = api.tokens.OPERATOR) =>
  api.ask<{ sendDicom: { sendings: Sending[] } }>(SEND, { input }, token);

async function send(peer: string, ...generations: Generation[]): Promise<Sending[]> {
  const { data, errors } = await ask({ peer, generationIds: generations.map(({ id }) => encodeId('Generation', id)) });
  expect(errors).toBeUndefined();
  return data!.sendDicom.sendings;
}

const keyOf = ({ id }: Sending) => Buffer.from(id, 'base64url').toString().split(':')[1]!;

/** Waits for a line of the log that says one of these states; gives the sending as the API then shows it. */
async function until(sending: Sending, ...states: string[]): Promise<Sending> {
  for await (const line of logs.logs.sendings.subscribe(keyOf(sending), 0)) {
    if (line.seq > 1 && states.includes(stateOf(line) ?? '')) break;
  }
  const { data } = await api.ask<{ node: Sending }>(
    `query ($id: ID!) { node(id: $id) { ... on DicomSending { ${FIELDS} } } }`,
    { id: sending.id },
  );
  return data!.node;
}

const rowOf = (sending: Sending) =>
  api.dataSource.getRepository(DicomSending).findOneByOrFail({ id: Number(keyOf(sending)) });

test('what bundles made reaches the PACS object by object, as DICOMweb gives it, and the audit knows where', async () => {
  const pacs = await startPacs();
  const [volume, film] = [await makeGenerated(api), await makeRestored(api)];

  const sendings = await send(pacs.peer, volume, film);
  const ended = [await until(sendings[0]!, 'SUCCEEDED'), await until(sendings[1]!, 'SUCCEEDED')];

  expect(ended).toMatchObject([
    { state: 'SUCCEEDED', peer: pacs.peer, sent: 2, warned: 0, total: 2, fraction: 1, requestedBy: 'operator' },
    { state: 'SUCCEEDED', sent: 1, total: 1, generation: { id: encodeId('Generation', film.id) } },
  ]);
  const listed = await api.search('/instances?SyntheticData=YES&includefield=all');
  expect(pacs.received.map(({ sopInstanceUid }) => sopInstanceUid).sort()).toEqual(
    listed.map((object) => valueOf(object, '00080018')).sort(),
  );
  expect(pacs.received.map(({ calling, transferSyntax }) => [calling, transferSyntax])).toEqual(
    Array.from({ length: 3 }, () => ['OSTEOGRAPH', '1.2.840.10008.1.2.1']),
  );
  expect(pacs.received.map(({ dataSet }) => dataSet.string('x0008001c'))).toEqual(['YES', 'YES', 'YES']);
  const entry = await api.dataSource
    .getRepository(AuditEntry)
    .findOneByOrFail({ action: 'sendDicom', target: sendings.map(keyOf).join(',') });
  expect(entry.detail).toMatchObject({ peer: pacs.peer, address: `PACS@127.0.0.1:${pacs.port}` });
});

test('a PACS that takes implicit little endian alone is sent the same values', async () => {
  const pacs = await startPacs({ syntaxes: ['1.2.840.10008.1.2'] });
  const [sending] = await send(pacs.peer, await makeGenerated(api));
  await until(sending!, 'SUCCEEDED');

  const [first] = pacs.received;
  expect(first!.transferSyntax).toBe('1.2.840.10008.1.2');
  const { dataSet } = first!;
  expect([dataSet.uint16('x00280010'), dataSet.uint16('x00280011')]).toEqual([5, 6]);
  const values = Array.from({ length: 30 }, (_, index) => dataSet.uint16('x7fe00010', index)!);
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index * 1_000));
  // Elements of ours, of which the library knows no name, among them how it was made.
  expect(JSON.parse(dataSet.string('x00991001')!)).toMatchObject({ task: 'xray-to-mri' });
});

test('a PACS that is away is waited for without spending attempts, and others are sent to meanwhile', async () => {
  const port = await freePort();
  const away = await peerAt(port);
  const here = await startPacs();
  const made = await makeGenerated(api);

  const [waiting] = await send(away, made);
  expect(await until(waiting!, 'QUEUED')).toMatchObject({
    state: 'QUEUED',
    sent: 0,
    waitingReason: `PACS at 127.0.0.1:${port} cannot be reached or has broken off.`,
  });
  const [other] = await send(here.peer, made);
  await until(other!, 'SUCCEEDED');

  receivers.push(await startReceiver({ port }));
  expect(await until(waiting!, 'SUCCEEDED')).toMatchObject({ sent: 2, waitingReason: null });
  const { attempt, attemptLimit } = await rowOf(waiting!);
  expect(attemptLimit - attempt).toBe(4);
});

test('a sending that is broken off goes on behind what the PACS has answered for', async () => {
  const pacs = await startPacs({ answer: (count) => (count === 2 ? 'BREAK' : 0) });
  const [sending] = await send(pacs.peer, await makeGenerated(api));

  expect(await until(sending!, 'SUCCEEDED')).toMatchObject({ sent: 2, total: 2 });
  const uids = pacs.received.map(({ sopInstanceUid }) => sopInstanceUid);
  expect(uids).toHaveLength(3);
  expect(uids[2]).toBe(uids[1]);
});

test('a volume that is sent in two attempts stays in one study, whatever becomes of its film in between', async () => {
  const pacs = await startPacs({ answer: (count) => (count === 2 ? 0xc000 : 0) });
  const [film] = await api.search('/series?Modality=CR');
  const generation = await makeGenerated(api);
  const [sending] = await send(pacs.peer, generation);
  expect(await until(sending!, 'FAILED')).toMatchObject({ sent: 1 });
  const { manager } = api.dataSource;

  await forgetOriginal(manager, { radiographId: generation.radiographId! });
  await retrySending(api.dataSource, COMMAND_LINE, Number(keyOf(sending!)));
  expect(await until(sending!, 'SUCCEEDED')).toMatchObject({ sent: 2 });

  const told = pacs.received.map(({ dataSet }) => [dataSet.string('x0020000d'), dataSet.string('x0020000e')].join(' '));
  expect(told).toHaveLength(3);
  expect(new Set(told).size).toBe(1);
  expect(told[0]).toContain(String(valueOf(film, '0020000D')));
});

test.each([
  ['that says other things by now', 'UPDATE dicom_series SET revision = revision + 1 WHERE id = $1'],
  ['that a server from before an upgrade has counted', 'UPDATE dicom_sending SET revision = NULL WHERE series_id = $1'],
])('a volume %s is sent anew as a whole', async (_, change) => {
  const pacs = await startPacs({ answer: (count) => (count === 2 ? 0xc000 : 0) });
  const [sending] = await send(pacs.peer, await makeGenerated(api));
  expect(await until(sending!, 'FAILED')).toMatchObject({ sent: 1 });
  const { id, seriesId } = await rowOf(sending!);

  await api.dataSource.query(change, [seriesId]);
  await retrySending(api.dataSource, COMMAND_LINE, id);
  expect(await until(sending!, 'SUCCEEDED')).toMatchObject({ sent: 2, total: 2 });

  const uids = pacs.received.map(({ sopInstanceUid }) => sopInstanceUid);
  expect(uids).toEqual([uids[0], uids[1], uids[0], uids[1]]);
});

test.each<[string, ReceiverChoices, RegExp]>([
  [
    'an object',
    { answer: (count) => (count === 2 ? 0xc000 : 0) },
    /^PACS at 127\.0\.0\.1:\d+ refuses: it answers C000H for the object [\d.]+ \(as the test wishes\)\.$/,
  ],
  [
    'the kind of object',
    { takes: () => false },
    /^PACS at 127\.0\.0\.1:\d+ takes no objects of the SOP class 1\.2\.840\.10008\.5\.1\.4\.1\.1\.4\.$/,
  ],
  [
    'the association',
    { aeTitle: 'OTHER' },
    /^PACS at 127\.0\.0\.1:\d+ refuses the association \(it has another AE title\)\.$/,
  ],
])(
  'a PACS that refuses %s ends the sending with a sentence, and a retry goes on from there',
  async (_, choices, sentence) => {
    const pacs = await startPacs(choices);
    const [sending] = await send(pacs.peer, await makeGenerated(api));
    const failed = await until(sending!, 'FAILED');
    expect(failed).toMatchObject({ state: 'FAILED' });
    expect(failed['error']).toMatch(sentence);

    await receivers.pop()!.close();
    const better = await startReceiver({ port: pacs.port });
    receivers.push(better);
    const { data } = await api.ask<{ retryDicomSending: { sending: Sending } }>(
      `mutation ($input: RetryDicomSendingInput!) { retryDicomSending(input: $input) { sending { state } } }`,
      { input: { id: sending!.id } },
      api.tokens.OPERATOR,
    );
    expect(data).toEqual({ retryDicomSending: { sending: { state: 'QUEUED' } } });
    expect(await until(sending!, 'SUCCEEDED')).toMatchObject({ sent: 2, error: null });
    expect(better.received).toHaveLength(2 - Number(failed['sent']));
  },
);

test('a warning counts as sent, an object that is there already too, and one for which there is no room is waited for', async () => {
  const answers = [0xb000, 0xa700, 0x0111];
  const pacs = await startPacs({ answer: (count) => answers[count - 1]! });
  const [sending] = await send(pacs.peer, await makeGenerated(api));

  expect(await until(sending!, 'QUEUED')).toMatchObject({
    sent: 1,
    warned: 1,
    waitingReason: expect.stringMatching(/ has no room now: A700H for the object [\d.]+ \(as the test wishes\)\.$/),
  });
  expect(await until(sending!, 'SUCCEEDED')).toMatchObject({ sent: 2, warned: 1 });
});

test('a sending is canceled while the PACS keeps it waiting', async () => {
  const pacs = await startPacs({ answer: () => 'SILENT' });
  const [sending] = await send(pacs.peer, await makeGenerated(api));
  await pacs.until(1);
  const { data } = await api.ask(
    `mutation ($input: CancelDicomSendingInput!) { cancelDicomSending(input: $input) { sending { state } } }`,
    { input: { id: sending!.id } },
    api.tokens.OPERATOR,
  );
  expect(data).toEqual({ cancelDicomSending: { sending: { state: 'CANCELED' } } });

  // The runner is free for the next one.
  const next = await startPacs();
  const [other] = await send(next.peer, await makeGenerated(api));
  await until(other!, 'SUCCEEDED');
  expect(await rowOf(sending!)).toMatchObject({ state: 'CANCELED', sent: 0 });
});

test('what no bundle made is sent where its series is named, and only then', async () => {
  const pacs = await startPacs();
  const real = (await api.search('/series?Modality=MR')).find((series) => valueOf(series, '0008001C') === undefined);
  const uid = String(valueOf(real, '0020000E'));
  const { data } = await ask({ peer: pacs.peer, seriesUids: [uid] });
  const sending = data!.sendDicom.sendings[0]!;

  expect(await until(sending, 'SUCCEEDED')).toMatchObject({ seriesUid: uid, generation: null });
  expect(new Set(pacs.received.map(({ dataSet }) => dataSet.string('x0020000e')))).toEqual(new Set([uid]));
});

test('what cannot be sent is refused in a sentence, and nothing is queued', async () => {
  const pacs = await startPacs();
  const { exam, make } = api;
  const waiting = await make.generation(exam, await make.radiograph(exam), await make.bundle());
  const id = encodeId('Generation', waiting.id);
  const before = await api.dataSource.getRepository(DicomSending).count();
  const refusals = [
    await ask({ peer: 'nowhere', generationIds: [id] }),
    await ask({ peer: pacs.peer, generationIds: [id] }),
    await ask({ peer: pacs.peer }),
    await ask({ peer: pacs.peer, seriesUids: ['1.2.3'] }),
    await ask({ peer: pacs.peer, generationIds: [encodeId('KneeExam', 1)] }),
    await ask({ peer: pacs.peer, generationIds: [id] }, api.tokens.READER),
  ];

  expect(refusals.map(({ errors }) => errors![0]!.message)).toEqual([
    'There is no peer "nowhere".',
    'A generation is QUEUED; only what has SUCCEEDED can be sent.',
    '1 to 1000 generations and series can be sent at a time, got 0.',
    'There is no series 1.2.3 in the list of DICOM objects.',
    expect.stringContaining('generationIds'),
    'sendDicom needs the role OPERATOR; this token has READER.',
  ]);
  expect(await api.dataSource.getRepository(DicomSending).count()).toBe(before);
});

test("what was made of another's upload cannot be sent, and another's sending is neither seen nor changed", async () => {
  const pacs = await startPacs();
  const { body } = await upload(api.url, api.tokens.OPERATOR, bilateralPng(0));
  const uploadId = String(decodeId(body.id)!.key);
  const made = await makeGenerated(api, { uploadId, examId: null, radiographId: null, side: 'LEFT' });
  const other = (await createToken(api.dataSource, { name: 'other', role: 'OPERATOR' })).text;
  const input = { peer: pacs.peer, generationIds: [encodeId('Generation', made.id)] };

  const refused = await ask(input, other);
  expect(refused.errors![0]!.message).toBe('There is no such generation.');
  const [own] = await send(pacs.peer, made);
  await until(own!, 'SUCCEEDED');
  const node = await api.ask<{ node: null }>('query ($id: ID!) { node(id: $id) { id } }', { id: own!.id }, other);
  const retry = await api.ask(
    'mutation ($input: RetryDicomSendingInput!) { retryDicomSending(input: $input) { sending { id } } }',
    { input: { id: own!.id } },
    other,
  );
  expect(node.data).toEqual({ node: null });
  expect(retry.errors![0]!.message).toBe('There is no such sending.');
});

test('what a rule has made of a film that arrives is sent as soon as it is made, once however often the film comes', async () => {
  const pacs = await startPacs();
  const rule = await addArrivalRule(api.dataSource, COMMAND_LINE, {
    ...{ task: 'xray-to-mri', modality: 'DX', sendTo: pacs.peer, bundle: 'knee-bundle' },
  });
  const store = async () => {
    const { status } = await fetch(`${api.url}/dicomweb/studies?visit=V00&side=RIGHT`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.OPERATOR}`, 'content-type': 'application/dicom' },
      body: new Uint8Array(filmFile('9000001', '77', { elements: { Modality: 'DX' } })),
    });
    expect(status).toBe(200);
  };
  await store();
  await store();
  const generations = await api.dataSource.query<{ id: string }[]>(
    `SELECT id FROM generation WHERE client_key LIKE 'arrival rule ${rule.id}:%' ORDER BY id`,
  );
  const sendings = () =>
    api.dataSource.query<{ id: number }[]>(
      `SELECT s.id FROM dicom_sending s JOIN dicom_series d ON d.id = s.series_id WHERE d.generation_id = ANY($1)`,
      [generations.map(({ id }) => id)],
    );
  expect(await sendings()).toEqual([]);

  // As a worker leaves it that has made it.
  const made = generations[0]!.id;
  const { manager } = api.dataSource;
  await makeGenerated(api, { id: made, state: 'QUEUED' });
  await advance(manager, GENERATION, { id: made, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
  await advance(manager, GENERATION, { id: made, state: 'RUNNING', attempt: 1 }, { to: 'SUCCEEDED' });
  await store();

  const [queued, ...more] = await sendings();
  expect(more).toEqual([]);
  const sending = { id: encodeId('DicomSending', queued!.id) };
  expect(await until(sending, 'SUCCEEDED')).toMatchObject({ sent: 2, requestedBy: null });
  const entries = await api.dataSource
    .getRepository(AuditEntry)
    .findBy({ action: 'sendDicom', target: String(queued!.id) });
  expect(entries.map(({ detail }) => detail)).toEqual([
    { peer: pacs.peer, address: `PACS@127.0.0.1:${pacs.port}`, generations: [made] },
  ]);
  await expect(removePeer(api.dataSource, COMMAND_LINE, pacs.peer)).rejects.toThrow(
    `The arrival rule ${rule.id} sends to "${pacs.peer}"; remove it first.`,
  );
  await removeArrivalRule(api.dataSource, COMMAND_LINE, rule.id);
  await removePeer(api.dataSource, COMMAND_LINE, pacs.peer);
});

test('an operator sees what they have sent, an administrator what everybody has, and the kind is registered', async () => {
  const list = `{ dicomSendings { ${FIELDS} } dicomPeers { name aeTitle port tls } }`;
  interface List {
    dicomSendings: Sending[];
    dicomPeers: object[];
  }
  const own = await api.ask<List>(list, {}, api.tokens.OPERATOR);
  const all = await api.ask<List>(list, {}, api.tokens.ADMIN);
  expect(new Set(own.data!.dicomSendings.map(({ requestedBy }) => requestedBy))).toEqual(new Set(['operator']));
  expect(all.data!.dicomSendings.length).toBeGreaterThan(0);
  expect(own.data!.dicomPeers[0]).toMatchObject({ name: 'peer 1', aeTitle: 'PACS', tls: false });
  expect(KINDS.kinds).toContain(DICOM_SENDING);
});
