import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { Radiograph } from '../../src/entities/index.js';
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

/** The mask that a run was given, 1 where it hides the film, at points of its film of 256 x 256 pixels. */
async function maskAt(page: Page, points: readonly (readonly [x: number, y: number])[]): Promise<number[]> {
  const href = await page.getByRole('link', { name: 'Mask' }).getAttribute('href');
  const { data, info } = await sharp(Buffer.from(await (await fetch(new URL(href!, page.url()))).arrayBuffer()))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([256, 256]);
  return points.map(([x, y]) => data[y * info.width + x]!);
}

test('what is to be filled in is drawn over the film, by pointer and by keys', async () => {
  const { exam } = await createExam(app.platform);
  const { page, faults } = await app.open(`/exams/${encodeId('KneeExam', exam.id)}`, { role: 'OPERATOR' });
  await page.getByRole('button', { name: 'Restore this film …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Restore this film' });
  await dialog.getByLabel('What', { exact: true }).selectOption('Fill in what is hidden');
  await dialog.locator('canvas[data-drawn=true]').waitFor();

  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await dialog.getByText('Draw over what is to be filled in, or choose a mask.').waitFor();

  const drawing = dialog.getByRole('application');
  const { x, y, width, height } = (await drawing.boundingBox())!;
  const at = (column: number, row: number) => [x + (column / 256) * width, y + (row / 256) * height] as const;
  // A line, a second one that is taken back, and a gap in the first.
  await page.mouse.move(...at(40, 60));
  await page.mouse.down();
  await page.mouse.move(...at(100, 60), { steps: 5 });
  await page.mouse.move(...at(160, 60), { steps: 5 });
  await page.mouse.up();
  await page.mouse.click(...at(40, 200));
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await dialog.getByRole('button', { name: 'Eraser' }).click();
  await page.mouse.click(...at(100, 60));
  await dialog.getByRole('button', { name: 'Eraser' }).click();
  // A dot by keys, down from where the pointer was: the brush of 5 % is 12.8 pixels wide, and a key goes half of that.
  await page.mouse.move(...at(200, 120));
  await drawing.focus();
  for (let key = 0; key < 10; key++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  expect(await accessibilityFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();

  await page.waitForURL(/\/generations\//);
  await page.getByRole('link', { name: 'Mask' }).waitFor();
  const drawn = await maskAt(page, [
    [40, 60],
    [70, 60],
    [100, 60],
    [150, 60],
    [150, 70],
    [40, 200],
    [200, 184],
    [200, 120],
  ]);
  expect(drawn).toEqual([1, 1, 0, 1, 0, 0, 1, 0]);
  expect(faults).toEqual([]);
});

test('lengths on a restored film are in mm where its film says so, also on one that was enlarged', async () => {
  const { exam, radiograph } = await createExam(app.platform);
  await app.platform.dataSource.getRepository(Radiograph).update(radiograph.id, { pixelSpacing: 0.2 });
  const { page, faults } = await app.open(`/exams/${encodeId('KneeExam', exam.id)}`, { role: 'OPERATOR' });
  await page.getByRole('button', { name: 'Restore this film …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Restore this film' });
  await dialog.getByLabel('What', { exact: true }).selectOption('Enlarge');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.waitForURL(/\/generations\//);
  await page.getByRole('link', { name: 'Open the viewer' }).click();

  const pane = page.locator('figure').filter({ hasText: 'Restored film' });
  await pane.locator('svg').first().waitFor();
  const { x, y, width, height } = (await pane.getByRole('application').boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);

  // 512 pixels of 0.1 mm.
  await pane.getByText(/^25\.[4-8], 25\.[4-8] mm: /).waitFor();
  expect(faults).toEqual([]);
});
