import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-restorers-'));
  const restorer = join(packageRoot, 'test/golden/tiny-restorer-bundle');
  await cp(restorer, join(models, 'tiny-restorer/1.0.0'), { recursive: true });
  app = await startWebApp();
  await registerBundles(app.platform.dataSource, models);
});
afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

test('an operator has a film restored from its exam, and wipes before over after', async () => {
  const { exam } = await createExam(app.platform);
  const { page, faults } = await app.open(`/exams/${encodeId('KneeExam', exam.id)}`, { role: 'OPERATOR' });
  await page.getByRole('button', { name: 'Restore this film …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Restore this film' });
  await dialog.getByLabel('Strength').fill('900');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await dialog.getByText('sigma is 900; tiny-restorer was trained for 0 to 75.').waitFor();
  await dialog.getByLabel('Strength').fill('20');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();

  await page.waitForURL(/\/generations\//);
  await page.getByText('synthetic, restored film').waitFor();
  const card = page.getByRole('region', { name: 'Before and after' });
  await card.getByRole('img', { name: 'The film after it was restored, synthetic' }).waitFor();
  await card.getByRole('slider', { name: 'How much of the film before is shown' }).fill('20');
  await page.getByRole('img', { name: 'Where the film before and after differ' }).waitFor();
  expect(await card.getByRole('link').allTextContents()).toEqual(['PNG, 16 bits', 'DICOM', 'Sheet']);
  expect(await page.getByRole('region', { name: 'Slices' }).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Generations' }).first().click();
  await page.getByRole('cell', { name: 'restored film' }).waitFor();
  expect(faults).toEqual([]);
});
