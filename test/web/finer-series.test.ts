import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { MriSeries } from '../../src/entities/index.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { requestSuperResolution } from '../../src/services/generations/index.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let models: string;
let path: string;

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-finer-'));
  const bundle = join(packageRoot, 'test/golden/tiny-superres-bundle');
  await cp(bundle, join(models, 'tiny-superres/1.0.0'), { recursive: true });
  app = await startWebApp();
  const { platform } = app;
  await registerBundles(platform.dataSource, models);
  const { exam } = await createExam(platform, { mri: true });
  const { id: seriesId } = await platform.dataSource.manager.findOneByOrFail(MriSeries, { examId: exam.id });
  const request = { seriesId, scale: 1.5, throughPlane: 2 };
  const { id } = await requestSuperResolution(platform, { tokenId: null }, request);
  path = `/generations/${encodeId('Generation', id)}`;
});

afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

const cardOf = (page: Page) => page.getByRole('region', { name: 'Before and after' });

const dividerOf = (page: Page) => cardOf(page).getByRole('slider', { name: 'Divider between before and after' });

/** Middle of what is seen of an element, CSS pixels. */
async function middleOf(element: Locator): Promise<{ x: number; y: number; width: number }> {
  const { x, y, width, height } = (await element.boundingBox())!;
  return { x: x + width / 2, y: y + height / 2, width };
}

test('a finer series is wiped over the one it was made of, slice by slice at the same place, by keys and by mouse', async () => {
  const { page, faults } = await app.open(path, { role: 'READER' });
  const card = cardOf(page);
  const divider = dividerOf(page);
  await divider.waitFor();
  const size = async (name: string) =>
    card
      .getByRole('img', { name })
      .evaluate((canvas) => ['width', 'height'].map((side) => Number(canvas.getAttribute(side))));
  expect(await size('Before: slice 41 of 80')).toEqual([64, 64]);
  expect(await size('After, synthetic: slice 81 of 160')).toEqual([96, 96]);
  await card.getByText('phantom, synthetic').waitFor();

  const values = () =>
    divider.evaluate((element) =>
      ['aria-valuemin', 'aria-valuenow', 'aria-valuemax', 'aria-valuetext'].map((name) => element.getAttribute(name)),
    );
  expect(await values()).toEqual(['0', '50', '100', '50 % before, 50 % after']);
  const after = [];
  await divider.focus();
  for (const key of ['ArrowRight', 'ArrowUp', 'ArrowLeft', 'PageDown', 'End', 'ArrowRight', 'Home', 'ArrowDown']) {
    await divider.press(key);
    after.push(Number((await values())[1]));
  }
  expect(after).toEqual([51, 52, 51, 41, 100, 100, 0, 0]);

  await divider.press('PageUp');
  await divider.scrollIntoViewIfNeeded();
  const { width } = (await card.getByRole('img', { name: /^Before/ }).boundingBox())!;
  const from = await middleOf(divider);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + width / 2, from.y, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(from.x, from.y);
  expect(await values()).toEqual(['0', '60', '100', '60 % before, 40 % after']);

  await card.getByRole('slider', { name: 'Slice' }).fill('40');
  await card.getByText('Slice 41 of 160 after, beside slice 21 of 80 before; -29.6 mm from the middle.').waitFor();
  await card.getByRole('img', { name: 'Before: slice 21 of 80' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('on a narrow dark screen a finger moves the divider, and a line drawn across the slice shows both profiles', async () => {
  const { page, faults } = await app.open(path, { role: 'READER', width: 390, height: 844, scheme: 'dark' });
  const card = cardOf(page);
  const divider = dividerOf(page);
  await divider.waitFor();
  await divider.scrollIntoViewIfNeeded();
  const { width } = (await card.getByRole('img', { name: /^Before/ }).boundingBox())!;
  const { x, y } = await middleOf(divider);
  const fingers = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: number) =>
    fingers.send('Input.dispatchTouchEvent', { type, touchPoints: at === undefined ? [] : [{ x: at, y }] });
  await touch('touchStart', x);
  await touch('touchMove', x - width / 8);
  await touch('touchMove', x - width / 4);
  await touch('touchEnd');
  await page.waitForFunction("document.querySelector('[role=slider]').ariaValueNow === '25'");

  await card.getByLabel('Profile along a line').check();
  const chart = card.getByRole('figure');
  await chart.locator('[data-drawn=true]').waitFor();
  // 64 pixels of 2.5 mm, from 35 to 65 %.
  await chart
    .getByText(/^48\.0 mm from start to end\. Values before from [\d,]+ to [\d,]+, after from [\d,]+ to [\d,]+\.$/)
    .waitFor();
  expect(await chart.locator('svg').first().innerHTML()).toContain('after, synthetic');
  const end = card.getByRole('button', { name: /^End of the profile/ });
  for (let times = 0; times < 5; times++) await end.press('ArrowDown');
  await chart.getByText(/^56\.0 mm/).waitFor();
  expect(await end.getAttribute('aria-label')).toContain('35 % across, 70 % down');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});
