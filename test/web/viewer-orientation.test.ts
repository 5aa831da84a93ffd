import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Side } from '../../src/domain/participants.js';
import { MriSeries } from '../../src/entities/index.js';
import { decodePng } from '../../src/imaging/png.js';
import { addImages } from '../../src/services/imports/index.js';
import { orientationCases, writeOrientationCase } from '../helpers/orientation.js';
import { startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp('--no-worker');
});

afterAll(() => app.close());

/** Grey of the fibula (1000) where the window goes from the ground (100) to the marker (1500). */
const FIBULA = 164;

/** Middle of the fibula in a pane as shares of its width and height, or undefined where the slice does not show it. */
async function fibulaIn(pane: Locator): Promise<{ across: number; down: number } | undefined> {
  const shown = await pane
    .locator('canvas')
    .evaluate((canvas: unknown) => (canvas as { toDataURL(): string }).toDataURL());
  const { data, columns, rows } = decodePng(Buffer.from(shown.split(',')[1]!, 'base64'));
  const sum = { across: 0, down: 0, count: 0 };
  for (let index = 0; index < columns * rows; index++) {
    if (Math.abs(data[index]! - FIBULA) > 1) continue;
    sum.across += (index % columns) / columns;
    sum.down += Math.floor(index / columns) / rows;
    sum.count += 1;
  }
  return sum.count < 20 ? undefined : { across: sum.across / sum.count, down: sum.down / sum.count };
}

/** Leafs from the first slice on until the fibula is there. */
async function findFibula(page: Page, pane: Locator): Promise<{ across: number; down: number }> {
  await pane.focus();
  await page.keyboard.press('2');
  await page.keyboard.press('Home');
  for (let slice = 0; slice < 16; slice++) {
    const found = await fibulaIn(pane);
    if (found) return found;
    await page.keyboard.press('ArrowRight');
  }
  throw new Error('No slice shows the fibula.');
}

const MARKS = { 0: ['R', 'L', 'S', 'I'], 1: ['A', 'P', 'S', 'I'], 2: ['R', 'L', 'A', 'P'] } as const;

/** Millimetres of the fibula, as SimpleITK finds them (test/golden/orientation.json). */
const PLACES: Record<Side, RegExp> = {
  RIGHT: /^R 10\d\.\d P 1\d\.\d I \d\.\d mm: 1,000$/,
  LEFT: /^L 10\d\.\d P 1\d\.\d I \d\.\d mm: 1,000$/,
};

/** One for each plane and side, laid otherwise than it is stored: the same files cannot be two people's. */
const WAYS = ['from left to right, from feet to head, from front to back', 'from left to right', 'from head to feet'];
const cases = orientationCases.filter(({ way }) => WAYS.includes(way));

test.each(cases)(
  'a $plane series of a $side knee taken $way has the fibula lateral, behind and low in all three planes',
  async (scanned) => {
    const { side } = scanned;
    const number = cases.indexOf(scanned);
    const folder = join(app.platform.dataDir, `oriented-${number}`);
    await writeOrientationCase(scanned, folder);
    const whose = { oaiId: String(9_200_000 + number), visit: 'V00', side } as const;
    const { dataSource, store } = app.platform;
    await addImages(dataSource, folder, whose, { store, create: true });
    const series = await dataSource.getRepository(MriSeries).findOneOrFail({ where: {}, order: { id: 'DESC' } });

    const { page, faults } = await app.open(`/exams/${encodeId('KneeExam', series.examId!)}/view?hang=planes`);
    await page.locator('[data-ready=true]').waitFor();
    const panes = await page.getByRole('application').all();
    expect(panes).toHaveLength(3);
    for (const [index, pane] of panes.entries()) {
      expect(await pane.locator('svg text').allTextContents()).toEqual(MARKS[index as 0 | 1 | 2]);
      const { across, down } = await findFibula(page, pane);
      const { x, y, width, height } = (await pane.boundingBox())!;
      const lateral = side === 'RIGHT' ? across < 0.5 : across > 0.5;
      expect({ index, lateral: index === 1 ? across > 0.5 : lateral, low: down > 0.5 }).toEqual({
        index,
        lateral: true,
        low: true,
      });
      await page.mouse.move(x + across * width, y + down * height);
      await pane.getByText(PLACES[side]).waitFor();
    }
    expect(faults).toEqual([]);
    await page.close();
  },
);
