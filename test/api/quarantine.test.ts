import { encodeId } from '../../src/domain/global-ids.js';
import { QuarantinedImage } from '../../src/entities/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let id: string;

beforeAll(async () => {
  api = await startTestServer();
  const repository = api.dataSource.getRepository(QuarantinedImage);
  const contradiction = 'it shows the left knee, where the right one is expected';
  const row = await repository.save(
    repository.create({
      ...{ kind: 'RADIOGRAPH', contentSha256: 'a'.repeat(64), oaiId: '9000001', visit: 'V00', side: 'RIGHT' },
      ...{ file: '00m/0.C.2/film', contradiction },
    }),
  );
  id = encodeId('QuarantinedImage', row.id);
});

afterAll(() => api.close());

const LIST =
  '{ quarantinedImages(state: OPEN) { id kind oaiId visit side file contradiction state reason resolvedBy } }';
const RESOLVE = `mutation ($input: ResolveQuarantinedImageInput!) { resolveQuarantinedImage(input: $input) {
  quarantinedImage { id state reason resolvedBy resolvedAt } } }`;

test('an operator sees what waits and decides about it', async () => {
  const before = await api.ask<{ quarantinedImages: object[] }>(LIST, {}, api.tokens.OPERATOR);
  const input = { id, resolution: 'ACCEPTED', reason: 'the marker on the film says right' };
  const { data } = await api.ask(RESOLVE, { input }, api.tokens.OPERATOR);
  const after = await api.ask(LIST, {}, api.tokens.OPERATOR);

  expect(before.data!.quarantinedImages).toMatchObject([
    { id, kind: 'RADIOGRAPH', oaiId: '9000001', side: 'RIGHT', state: 'OPEN', reason: null, resolvedBy: null },
  ]);
  expect(data).toMatchObject({
    resolveQuarantinedImage: {
      quarantinedImage: { id, state: 'ACCEPTED', reason: input.reason, resolvedBy: 'operator' },
    },
  });
  expect(after.data).toEqual({ quarantinedImages: [] });
});

test.each([
  [{ reason: 'x' }, 'BAD_USER_INPUT', 'reason must have between 3 and 500 characters.'],
  [{ id: encodeId('QuarantinedImage', 999) }, 'NOT_FOUND', 'No image 999 is in quarantine.'],
])('%j is refused', async (changes, code, message) => {
  const input = { id, resolution: 'REJECTED', reason: 'a chest film', ...changes };
  const { errors } = await api.ask(RESOLVE, { input }, api.tokens.OPERATOR);

  expect(errors![0]).toMatchObject({ message, extensions: { code } });
});
