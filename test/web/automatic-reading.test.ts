import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { type Factories, factories } from '../helpers/factories.js';
import { drawnKneePng } from '../helpers/radiographs.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let make: Factories;
let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-readers-'));
  const reader = join(packageRoot, 'test/golden/tiny-reader-bundle');
  await cp(reader, join(models, 'tiny-reader-bundle/1.0.0'), { recursive: true });
  app = await startWebApp();
  make = factories(app.platform.dataSource.manager);
  await registerBundles(app.platform.dataSource, models);
});
afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

/** The address of an exam with a film of its own. */
async function examPage(png: Buffer): Promise<string> {
  const { dataSource, store } = app.platform;
  const exam = await make.exam(await make.visit(await make.participant()), { side: 'RIGHT' });
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  await make.radiograph(exam, { assetId, pixelSpacing: 0.4, rows: 224, columns: 224 });
  return `/exams/${encodeId('KneeExam', exam.id)}`;
}

test('an analyst reads the grades of an exam, and one sentence in the place of its images', async () => {
  const path = await examPage(drawnKneePng(110));
  const { page, faults } = await app.open(path, { role: 'ANALYST' });
  const sentence = 'Images are for the role READER; yours is ANALYST, which reads records.';
  await page.getByRole('region', { name: 'Radiograph' }).getByText(sentence).waitFor();
  await page.getByRole('heading', { name: 'Grades' }).waitFor();
  expect(await page.getByRole('link', { name: 'Open the viewer' }).count()).toBe(0);
  expect(await page.locator('[data-drawn]').count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.goto(`${app.url}${path}/view`);
  await page.getByRole('heading', { name: 'Your token may not see images' }).waitFor();
  expect(faults).toEqual([]);
});

test('an operator has the film read, and sees the reading beside the grades, labelled as automatic', async () => {
  const { page, faults } = await app.open(await examPage(drawnKneePng(110)), { role: 'OPERATOR' });
  const card = page.getByRole('region', { name: 'Automatic reading' });
  await card.getByText('The film has not been read yet.').waitFor();
  await card.getByRole('button', { name: 'Read the radiograph' }).click();
  await card.getByText('automatic, research only').waitFor();
  await card.getByRole('row', { name: 'KL 2 87 %' }).waitFor();
  await card.getByText(/^Joint space width: medial 2\.\d mm, lateral [45]\.\d mm$/).waitFor();
  await card.getByText(/tiny-reader-bundle 1\.0\.0, .*Automatic reading, for research only/).waitFor();
  await card.getByRole('img', { name: 'Traced edges of femur and tibia' }).waitFor();
  await card.locator('[data-drawn=true]').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('a film that looks like no knee says so; a reader sees what is there and has nothing to press', async () => {
  const address = await examPage(drawnKneePng(250, 120));
  const { page } = await app.open(address, { role: 'OPERATOR' });
  await page.getByRole('button', { name: 'Read the radiograph' }).click();
  await page.getByText('cannot be read', { exact: true }).waitFor();
  const reader = await app.open(address, { role: 'READER', width: 390 });
  await reader.page.getByText(/does not look like a knee film that can be read/).waitFor();
  expect(await reader.page.getByRole('button', { name: 'Read the radiograph' }).count()).toBe(0);
  expect(await reader.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
});
