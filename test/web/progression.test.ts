import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { KneeExam, Radiograph } from '../../src/entities/index.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { createExam } from '../helpers/platform.js';
import { drawnKneePng } from '../helpers/radiographs.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-progressions-'));
  for (const bundle of ['tiny-progression-bundle', 'tiny-reader-bundle']) {
    await cp(join(packageRoot, 'test/golden', bundle), join(models, bundle, '1.0.0'), { recursive: true });
  }
  app = await startWebApp();
  await registerBundles(app.platform.dataSource, models);
});
afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

test('an operator sees the knee of an exam at other grades, frame by frame, and what has changed', async () => {
  const { dataSource, store } = app.platform;
  const { exam, radiograph } = await createExam(app.platform);
  const knee = await storeAsset(dataSource.manager, store, drawnKneePng(150), 'image/png');
  const film = { assetId: knee.id, rows: 224, columns: 224, examId: exam.id, visitId: null };
  await dataSource.manager.update(Radiograph, { id: radiograph.id }, film);
  await dataSource.manager.update(KneeExam, { id: exam.id }, { grades: { XRKL: 1 } });
  const { page, faults } = await app.open(`/exams/${encodeId('KneeExam', exam.id)}`, { role: 'OPERATOR' });

  await page.getByRole('button', { name: 'Show at other grades …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Show this knee at other grades' });
  await dialog.getByText('The film has KL 1.').waitFor();
  await dialog.getByLabel('Last frame').selectOption('1');
  await dialog.getByRole('button', { name: 'Show', exact: true }).click();
  await dialog.getByText('The film has KL 1 already; ask for another grade.').waitFor();
  await dialog.getByLabel('Last frame').selectOption('4');
  await dialog.getByLabel('Frames').fill('4');
  await dialog.getByRole('button', { name: 'Show', exact: true }).click();

  await page.waitForURL(/\/generations\//);
  await page.getByText('synthetic, knee at other grades').waitFor();
  const card = page.getByRole('region', { name: 'From grade to grade' });
  await card.getByRole('link', { name: 'MP4' }).waitFor();
  await card.getByRole('img', { name: 'The knee at KL 4.0, synthetic' }).waitFor();
  const slider = card.getByRole('slider', { name: 'Severity' });
  await slider.fill('0');
  await card.getByRole('img', { name: 'The film itself' }).waitFor();
  await card.getByText('KL 1.0, the film itself').waitFor();
  await slider.fill('2');
  await card.getByRole('img', { name: 'The knee at KL 3.0, synthetic' }).waitFor();
  await card.getByLabel('Show what has changed').check();
  await card.getByRole('img', { name: 'Where the knee at KL 3.0 differs from the film' }).waitFor();
  expect(await card.getByRole('link').allTextContents()).toEqual([
    'GIF',
    'MP4',
    'DICOM, all frames',
    'Curve',
    'Table, CSV',
    'This frame, 16 bits',
  ]);
  await page.getByRole('img', { name: /^Joint space from \d\.\d to \d\.\d %, grade as read from/ }).waitFor();
  expect(await page.getByRole('region', { name: 'Slices' }).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  if (process.env['OSTEOGRAPH_SCREENSHOT']) {
    await page.screenshot({ path: process.env['OSTEOGRAPH_SCREENSHOT'], fullPage: true });
  }
  expect(faults).toEqual([]);
});
