import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeRelease } from '../../src/oai/synthetic/release.js';
import { importRelease, type ImportSummary, listImports, undoImport } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { createTestDatabase } from '../helpers/database.js';
import { randomNumbers } from '../helpers/factories.js';
import { everythingImported } from '../helpers/imported.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const store = {} as BlobStore;

emptyRelease();

beforeEach(async () => {
  const people = { participants: 14, seed: 7, visits: ['V00', 'V01', 'V03'] as const };
  await writeRelease({ ...people, compact: true, imageParticipants: 0 }, { out: release.path });
});

const importAll = async (dryRun = false): Promise<ImportSummary> => {
  const summary = await importRelease(dataSource, release.path, { store, dryRun });
  expect(summary.refusals).toEqual([]);
  return summary;
};

/** Makes a newer release of the tables: higher versions, some rows gone, some cells blank, coded or another row's, in an order of its own. */
async function makeNewer(seed: number): Promise<void> {
  const draw = randomNumbers(seed);
  const folder = join(release.path, 'tables');
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.txt')) continue;
    const path = join(folder, name);
    const [header, ...lines] = (await readFile(path, 'latin1')).trimEnd().split('\r\n');
    const columns = header!.toUpperCase().split('|');
    const version = columns.indexOf('VERSION');
    const keys = new Set(['ID', 'SIDE', 'READPRJ', 'VERSION'].map((key) => columns.indexOf(key)));
    const rows = lines.map((line) => line.split('|'));
    const newer = rows
      .filter(() => draw() > 0.15)
      .map((row) =>
        row.map((cell, column) => {
          if (column === version) return String(Number(cell) + 1);
          if (keys.has(column) || /BARCD|DATE|EXAMTP/.test(columns[column]!) || draw() > 0.2) return cell;
          return draw() < 0.3 ? '' : rows[Math.floor(draw() * rows.length)]![column]!;
        }),
      );
    await writeFile(path, [header, ...newer.map((row) => row.join('|')), ''].join('\r\n'), 'latin1');
  }
}

test.each([1, 2, 3])('a newer release (%i) that is undone leaves what the older one told', async (seed) => {
  await importAll();
  const before = await everythingImported(dataSource);
  await makeNewer(seed);
  const dry = await importAll(true);
  expect(await everythingImported(dataSource)).toEqual(before);

  const newer = await importAll();
  expect(newer.tables.map(({ file, changes, dropped, returned }) => ({ file, changes, dropped, returned }))).toEqual(
    dry.tables.map(({ file, changes, dropped, returned }) => ({ file, changes, dropped, returned })),
  );
  expect(await everythingImported(dataSource)).not.toEqual(before);
  await undoImport({ dataSource, store }, (await listImports(dataSource, 1))[0]!.id);

  expect(await everythingImported(dataSource)).toEqual(before);
});

test.each([4, 5])('a newer release (%i) tells the same after the older one and before it', async (seed) => {
  const [older, other] = [await ReleaseFolder.make(), await createTestDatabase()];
  onTestFinished(async () => {
    await other.drop();
    await older.remove();
  });
  await cp(join(release.path, 'tables'), join(older.path, 'tables'), { recursive: true });
  await importRelease(dataSource, older.path, { store });
  await makeNewer(seed);
  await importAll();

  await importRelease(other.dataSource, release.path, { store });
  await importRelease(other.dataSource, older.path, { store });

  expect(await everythingImported(other.dataSource)).toEqual(await everythingImported(dataSource));
});
