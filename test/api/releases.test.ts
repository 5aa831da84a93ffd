import { importRelease, listImports, undoImport } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
const store = {} as BlobStore;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

async function bring(file: string, header: string, ...lines: string[]): Promise<number> {
  const folder = await ReleaseFolder.make();
  try {
    await folder.table(file, header, lines);
    await importRelease(api.dataSource, folder.path, { store });
  } finally {
    await folder.remove();
  }
  return (await listImports(api.dataSource, 1))[0]!.id;
}

const releases = async () => {
  const { data, errors } = await api.ask('{ releases { name imports tables { name version } } }');
  expect(errors).toBeUndefined();
  return data!['releases'];
};

test('there are none before anything is imported', async () => {
  expect(await releases()).toEqual([]);
});

test('releases tell their tables and versions, of imports that stand', async () => {
  await bring('Enrollees.txt', 'ID|VERSION|P02SEX', '9000001|25|1: Male');
  const second = await bring('AllClinical00.txt', 'ID|VERSION|V00AGE', '9000001|0.2.2|61');
  const tables = [
    { name: 'allclinical00', version: '0.2.2' },
    { name: 'enrollees', version: '25' },
  ];

  expect(await releases()).toEqual([{ name: null, imports: 2, tables }]);
  await undoImport({ dataSource: api.dataSource, store }, second, { dryRun: false });
  expect(await releases()).toEqual([{ name: null, imports: 1, tables: tables.slice(1) }]);
});
