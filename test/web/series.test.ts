import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { Generation } from '../../src/entities/index.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { type MaskFile, maskFile } from '../helpers/masks.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let models: string;
let path: string;

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-of-series-'));
  for (const [bundle, name] of [
    ['tiny-superres-bundle', 'tiny-superres'],
    ['tiny-inpaint-bundle', 'tiny-inpaint'],
  ]) {
    await cp(join(packageRoot, 'test/golden', bundle!), join(models, `${name}/1.0.0`), { recursive: true });
  }
  app = await startWebApp();
  await registerBundles(app.platform.dataSource, models);
  const { exam } = await createExam(app.platform, { mri: true });
  path = `/exams/${encodeId('KneeExam', exam.id)}`;
});

afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

/** The dialog that asks what is made of the series. */
async function openDialog(page: Page) {
  await page.getByRole('button', { name: 'Make from it … COR_T1_3D_FLASH_RIGHT' }).click();
  return page.getByRole('dialog', { name: 'Make from COR_T1_3D_FLASH_RIGHT' });
}

const newest = () =>
  app.platform.dataSource.manager.findOneOrFail(Generation, { where: {}, order: { createdAt: 'DESC' } });

test('a series is made finer, unwarped by a file of coefficients that is chosen', async () => {
  const { page, faults } = await app.open(path, { role: 'OPERATOR' });
  const dialog = await openDialog(page);
  await dialog.getByLabel('How many times finer').fill('1.5');
  const file = (text: string) => ({ name: 'scanner.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  await dialog.getByLabel('Gradient coefficients').setInputFiles(file('{}'));
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await dialog.getByText(/^coefficients is no file of gradient coefficients: format /).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  const coils = { x: [{ n: 3, m: 1, a: -0.2, b: 0 }], y: [], z: [] };
  const text = JSON.stringify({ format: 'osteograph-gradients/1', scanner: 'Ward 4', radiusMm: 250, coils });
  await dialog.getByLabel('Gradient coefficients').setInputFiles(file(text));
  await dialog.getByRole('button', { name: 'Make it' }).click();

  await page.waitForURL(/\/generations\//);
  await page.getByRole('region', { name: 'Finer series' }).waitFor();
  expect((await newest()).parameters).toMatchObject({ scale: 1.5, coefficients: { scanner: 'Ward 4', coils } });
  expect(faults).toEqual([]);
});

test('what a mask volume hides of a series is filled in, and a mask of another size is refused with the sentence', async () => {
  const { page, faults } = await app.open(path, { role: 'OPERATOR' });
  const dialog = await openDialog(page);
  await dialog.getByLabel('What', { exact: true }).selectOption('Fill in what is hidden');
  const mask: MaskFile = {
    size: [64, 64, 80],
    affine: null,
    hidden: (column, _row, slice) => slice === 9 && column < 9,
  };
  const file = (of: MaskFile) => ({ name: 'metal.nii.gz', mimeType: 'application/gzip', buffer: maskFile(of) });
  await dialog.getByLabel('Mask').setInputFiles(file({ ...mask, size: [64, 64, 70] }));
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await dialog
    .getByText('The mask is 64 x 64 x 70 voxels and the series 64 x 64 x 80; they must be of one size.')
    .waitFor();
  await dialog.getByLabel('Mask').setInputFiles(file(mask));
  await dialog.getByRole('button', { name: 'Make it' }).click();

  await page.waitForURL(/\/generations\//);
  await page.getByRole('region', { name: 'Filled-in series' }).waitFor();
  expect((await newest()).parameters).toMatchObject({
    slices: [],
    boxes: [],
    mask: { sha256: expect.any(String) as string },
  });
  expect(faults).toEqual([]);
});

test('a reader sees the series and has nothing to press', async () => {
  const { page } = await app.open(path, { role: 'READER' });
  await page.getByRole('region', { name: 'MRI series' }).getByRole('link', { name: 'Open in the viewer' }).waitFor();
  expect(await page.getByRole('button', { name: /^Make from it/ }).count()).toBe(0);
});
