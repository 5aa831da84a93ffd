import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { OriginalObject, UploadedRadiograph } from '../../src/entities/index.js';
import { hunt } from '../helpers/hunt.js';
import { filmFile } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

interface Uploaded {
  id: string;
  deidentification: object[];
  errors?: { message: string }[];
}

async function send(file: Uint8Array, query = ''): Promise<{ status: number; body: Uploaded }> {
  const answer = await fetch(`${api.url}/radiographs${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.OPERATOR}`, 'content-type': 'application/dicom' },
    body: new Uint8Array(file),
  });
  return { status: answer.status, body: (await answer.json()) as Uploaded };
}

const originals = () => api.dataSource.getRepository(OriginalObject).find({ relations: { asset: true } });

test('a name in every attribute of an upload gets into no table, file, log or answer', async () => {
  const { status, body } = await send(readFileSync(join(packageRoot, 'test/golden/deidentification/planted.dcm')));

  expect(status).toBe(201);
  expect(JSON.stringify(body)).not.toMatch(/zyxwvut|quentin|19480203/i);
  expect(await originals()).toHaveLength(1);
  expect(await hunt(api, ['Zyxwvut', 'zyxwvut', 'ZYXWVUT', 'Quentin', '19480203'])).toEqual([]);
  await api.dataSource.getRepository(UploadedRadiograph).deleteAll();
});

test('an upload has its object and what became of its header, and both go with it', async () => {
  const elements = { PatientName: 'Doe^Jane', BurnedInAnnotation: 'YES' };
  const film = filmFile('H-1', '1', { elements });
  const refused = await send(film);
  expect(refused.status).toBe(422);
  expect(refused.body.errors![0]!.message).toContain('name the strip to redact');
  const { body } = await send(film, '?redact=top:8&redact=0,90,10,6');
  expect(body.deidentification).toContainEqual({
    attribute: 'PatientName',
    tag: '(0010,0010)',
    action: 'REPLACED',
    count: 1,
  });
  expect(body.deidentification).toContainEqual({
    attribute: 'PixelData',
    tag: '(7FE0,0010)',
    action: 'CLEANED',
    count: 1,
  });
  const { data } = await api.ask<{ uploadedRadiographs: { nodes: { deidentification: object[] }[] } }>(
    '{ uploadedRadiographs { nodes { deidentification { attribute tag action count } } } }',
    {},
    api.tokens.OPERATOR,
  );
  expect(data!.uploadedRadiographs.nodes[0]!.deidentification).toEqual(body.deidentification);
  const [original] = await originals();
  expect(original).toMatchObject({ radiographId: null, instanceUids: [expect.stringMatching(/^2\.25\./)] });

  const wrong = await send(film, '?redact=all');
  expect(wrong.status).toBe(400);

  const { errors } = await api.ask(
    'mutation ($id: ID!) { deleteUploadedRadiograph(input: { id: $id }) { deletedUploadedRadiographId } }',
    { id: body.id },
    api.tokens.OPERATOR,
  );
  expect(errors).toBeUndefined();
  expect(await originals()).toEqual([]);
  expect(await api.dataSource.getRepository(UploadedRadiograph).count()).toBe(0);
  expect(await api.store.exists(original!.asset.storageKey)).toBe(false);
});
