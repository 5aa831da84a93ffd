import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Side } from '../../src/domain/participants.js';
import { asItLies, generatedVolume, storedPixels } from '../../src/imaging/generated-volume.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { decodePng } from '../../src/imaging/png.js';
import { storeAsset } from '../../src/storage/index.js';
import { factories } from '../helpers/factories.js';
import { createExam } from '../helpers/platform.js';
import { startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
});

afterAll(() => app.close());

/** A finished generation whose network drew the fibula of a right knee: columns 40 to 79, rows 150 to 239 of 256, in the front half. */
async function finished(side: Side): Promise<string> {
  const { platform } = app;
  const { manager } = platform.dataSource;
  const { exam, radiograph } = await createExam(platform, { side });
  const slices = Array.from({ length: 10 }, (_, slice) => {
    const image = new Float32Array(256 * 256);
    for (let row = 150; row < 240; row++) if (slice >= 5) image.fill(1, row * 256 + 40, row * 256 + 80);
    return storedPixels(asItLies(image, side));
  });
  const nifti = await encodeNifti(generatedVolume(slices), 'drawn');
  const asset = await storeAsset(manager, platform.store, nifti, 'application/gzip');
  const make = factories(platform.dataSource);
  const shape = { state: 'SUCCEEDED', sliceCount: 10 } as const;
  const { id } = await make.generation(exam, radiograph, platform.bundle, shape);
  await make.series(exam, { sequence: 'SYNTHETIC_COR', sliceCount: 10, assetId: asset.id, generationId: id });
  return encodeId('Generation', id);
}

/** Middle of the white pixels of the viewer, as shares of its width and height, and how many there are. */
async function seen(
  id: string,
  key: 'Home' | 'End',
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<{ across: number; down: number; count: number }> {
  const { page, faults } = await app.open(`/generations/${id}`);
  await page.locator('[data-ready=true]').waitFor();
  await prepare(page);
  const canvas = page.getByRole('img', { name: /^side by side/ }).first();
  await canvas.focus();
  await page.keyboard.press(key);
  const { data, columns, rows } = decodePng(await canvas.screenshot());
  const sum = { across: 0, down: 0, count: 0 };
  for (let index = 0; index < data.length; index++) {
    if (data[index]! < 245) continue;
    sum.across += (index % columns) / columns;
    sum.down += Math.floor(index / columns) / rows;
    sum.count += 1;
  }
  await page.close();
  expect(faults).toEqual([]);
  return { across: sum.across / sum.count, down: sum.down / sum.count, count: sum.count / data.length };
}

test.each<[Side, number]>([
  ['RIGHT', 0.23],
  ['LEFT', 0.77],
])('the viewer shows the fibula of a %s knee %d across, low, and in front only', async (side, across) => {
  const id = await finished(side);

  const front = await seen(id, 'End');
  const back = await seen(id, 'Home');

  // The picture may stand in a frame that is wider than it.
  expect(Math.abs(front.across - across)).toBeLessThan(0.12);
  expect(front.down).toBeGreaterThan(0.6);
  expect(front.count).toBeGreaterThan(0.02);
  expect(back.count).toBeLessThan(front.count / 4);
});

const WITHOUT_WEBGL = `
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind === 'webgl2' ? null : original.call(this, kind, ...rest);
  };
`;

test.each<[string, (page: Page) => Promise<void>]>([
  [
    'has no WebGL2',
    async (page) => {
      await page.addInitScript(WITHOUT_WEBGL);
      await page.reload();
      await page.getByText('This browser has no WebGL2').waitFor();
      await page.locator('[data-ready=true]').waitFor();
      expect(await page.getByLabel('all three planes').count()).toBe(0);
    },
  ],
  [
    'loses its graphics context',
    async (page) => {
      await page.evaluate(
        `document.querySelector('[data-ready] canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()`,
      );
      await page.getByText('The graphics card has given up its picture').waitFor();
      await page.locator('[data-ready=true]').waitFor();
    },
  ],
])('a browser that %s shows the same fibula at the same place', async (_, prepare) => {
  const id = await finished('LEFT');

  const front = await seen(id, 'End', prepare);
  const back = await seen(id, 'Home', prepare);

  expect(Math.abs(front.across - 0.77)).toBeLessThan(0.12);
  expect(front.down).toBeGreaterThan(0.6);
  expect(front.count).toBeGreaterThan(0.02);
  expect(back.count).toBeLessThan(front.count / 4);
});
