import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { Measurement, MriSeries, type Participant, Radiograph, type Visit } from '../../src/entities/index.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { storeAsset } from '../../src/storage/index.js';
import { factories } from '../helpers/factories.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp('--no-worker');
});

afterEach(async () => {
  app.block(undefined);
  await app.platform.dataSource.query('DELETE FROM measurement');
});

afterAll(() => app.close());

/** A film of 100 x 80 pixels of 0.2 mm: 1000 with a square of 3000 in columns 20 to 39, rows 10 to 29. */
async function filmOfASquare(): Promise<{ path: string; film: string; exam: string }> {
  const { dataSource, store } = app.platform;
  const { exam, radiograph } = await createExam(app.platform);
  const data = new Uint16Array(100 * 80).fill(1000);
  for (let row = 10; row < 30; row++) data.fill(3000, row * 100 + 20, row * 100 + 40);
  const png = encodePng({ rows: 80, columns: 100, data });
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  const shape = { assetId, rows: 80, columns: 100, pixelSpacing: 0.2 };
  await dataSource.getRepository(Radiograph).update(radiograph.id, shape);
  const id = encodeId('KneeExam', exam.id);
  return { path: `/exams/${id}/view`, film: encodeId('Radiograph', radiograph.id), exam: id };
}

async function openViewer(path: string, options = {}): Promise<{ page: Page; faults: string[]; pane: Locator }> {
  const { page, faults } = await app.open(path, options);
  await page.locator('[data-ready=true]').waitFor();
  const pane = page.getByRole('application').first();
  await pane.waitFor();
  return { page, faults, pane };
}

/** Moves the pointer over a pixel of a picture that fills its pane's height or width, at zoom 1. */
async function over(page: Page, pane: Locator, column: number, row: number): Promise<void> {
  const { x, y, width, height } = (await pane.boundingBox())!;
  const scale = Math.min(width / 100, height / 80);
  await page.mouse.move(x + width / 2 + (column + 0.5 - 50) * scale, y + height / 2 + (row + 0.5 - 40) * scale);
}

/** Waits until the address has what is seen. */
async function address(page: Page, has: RegExp): Promise<void> {
  await page.waitForURL((url) => has.test(decodeURIComponent(url.search)));
}

test('a film hangs beside its series, each with its sides and with its origin on the picture', async () => {
  const { exam } = await createExam(app.platform, { mri: true });
  const { page, faults } = await openViewer(`/exams/${encodeId('KneeExam', exam.id)}/view`);
  const [film, series] = [page.locator('figure').first(), page.locator('figure').last()];

  for (const pane of [film, series]) await pane.locator('svg text').nth(3).waitFor();
  expect(await film.locator('svg text').allTextContents()).toEqual(['R', 'L', 'S', 'I']);
  expect(await series.locator('svg text').allTextContents()).toEqual(['R', 'L', 'S', 'I']);
  expect(await film.getByText('phantom, synthetic').count()).toBe(1);
  expect(await series.getByText('phantom, synthetic').count()).toBe(1);
  await series.getByText('coronal 41 / 80, 60.0 mm').waitFor();
  await page.getByText('COR_T1_3D_FLASH_RIGHT: coronal slice').waitFor({ state: 'detached' });

  await page.getByRole('application').last().focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.getByRole('status').filter({ hasText: 'COR_T1_3D_FLASH_RIGHT: coronal slice 2 of 80' }).waitFor();
  await address(page, /b\.slice=2\b/);
  await page.keyboard.press('v');
  await series.getByText('sagittal 33 / 64').waitFor();
  await series.locator('svg text').getByText('A', { exact: true }).waitFor();
  expect(await series.locator('svg text').allTextContents()).toEqual(['A', 'P', 'S', 'I']);
  expect(faults).toEqual([]);
});

test('the value and the millimetres under the pointer are those of the film', async () => {
  const { path } = await filmOfASquare();
  const { page, pane } = await openViewer(path);

  await over(page, pane, 25, 15);
  await pane.getByText('5.0, 3.0 mm: 3,000').waitFor();
  await over(page, pane, 75, 50);
  await pane.getByText('15.0, 10.0 mm: 1,000').waitFor();
});

test('a film that is larger than its pane is shown by the means of its pixels, and by the pixels when it is near', async () => {
  const { dataSource, store } = app.platform;
  const { exam, radiograph } = await createExam(app.platform);
  const size = 4000;
  // Black and white pixels in turns: any choice among them would be all black, all white, or a pattern.
  const data = Uint16Array.from({ length: size * size }, (_, index) => 2000 * ((index + Math.floor(index / size)) % 2));
  const png = encodePng({ rows: size, columns: size, data });
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  await dataSource.getRepository(Radiograph).update(radiograph.id, { assetId, rows: size, columns: size });
  const { pane, page } = await openViewer(`/exams/${encodeId('KneeExam', exam.id)}/view`);
  const greys = async () => {
    const text = await pane.locator('canvas').evaluate((canvas: unknown) => (canvas as Canvas).toDataURL());
    const { data: shown, columns, rows } = decodePng(Buffer.from(text.split(',')[1]!, 'base64'));
    const near = (row: number, column: number) => shown[row * columns + column]!;
    return Array.from({ length: 40 }, (_, step) => near(Math.floor(rows / 2), Math.floor(columns / 2) - 20 + step));
  };

  for (const grey of await greys()) expect(Math.abs(grey - 128)).toBeLessThan(3);
  await pane.focus();
  for (let press = 0; press < 25; press++) await page.keyboard.press('+');
  expect(new Set(await greys())).toEqual(new Set([0, 255]));
});

interface Canvas {
  toDataURL(): string;
}

test('a window is dragged, chosen and set by keys, and the address brings it back', async () => {
  const { path } = await filmOfASquare();
  const { page, pane } = await openViewer(path);
  await pane.getByText('W 2,000 L 2,000').waitFor();

  await over(page, pane, 50, 40);
  await page.mouse.down();
  await page.mouse.move(...(await middle(pane, 0, 60)));
  await page.mouse.up();
  // 60 CSS pixels down are a fifth of the window.
  await pane.getByText('W 2,000 L 2,400').waitFor();
  await address(page, /a\.window=1400,3400/);
  await page.reload();
  await pane.getByText('W 2,000 L 2,400').waitFor();
  await pane.focus();
  await page.keyboard.press('2');
  await pane.getByText('W 2,000 L 2,000').waitFor();
  await page.keyboard.press(']');
  await pane.getByText('W 2,300 L 2,000').waitFor();
  await page.getByLabel('Colours').selectOption('inferno');
  await address(page, /a\.map=inferno/);
  await page.getByRole('toolbar').getByLabel('Window').selectOption('automatic');
  await pane.getByText('W 2,000 L 2,000').waitFor();
});

async function middle(pane: Locator, right: number, down: number): Promise<[number, number]> {
  const { x, y, width, height } = (await pane.boundingBox())!;
  const scale = Math.min(width / 100, height / 80);
  return [x + width / 2 + 0.5 * scale + right, y + height / 2 + 0.5 * scale + down];
}

test('a length is measured by keyboard, named, kept on the server, downloaded and deleted', async () => {
  const { path, film, exam } = await filmOfASquare();
  const { page, pane, faults } = await openViewer(path, { role: 'READER' });
  await measureLength(page, pane);
  const list = page.getByRole('region', { name: 'Measurements' });
  await list.getByLabel('Name of length 6.0 mm').fill('Notch, "upper"');
  await list.getByLabel('Note').fill('=1+1');
  await kept({ name: 'Notch, "upper"', note: '=1+1', value: expect.closeTo(6, 9) as number });

  await page.reload();
  await list.getByText('6.0 mm').waitFor();
  await list.getByText('by reader').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    list.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  const [head, row, end] = (await readFile(await download.path(), 'utf8')).split('\r\n');
  expect(head).toBe(
    'participant,exam_id,visit,side,image,image_id,provenance,plane,slice,kind,name,value,unit,points_column_row,note,measured_by,measured_at',
  );
  expect(row).toMatch(
    new RegExp(
      `^\\d+,${exam},V00,RIGHT,"Film, PA",${film},PHANTOM,,,length,"Notch, ""upper""",6.000,mm,51.00 40.00; 81.00 40.00,'=1\\+1,reader,20\\d\\d-[-:.T\\d]+Z$`,
    ),
  );
  expect(end).toBe('');
  await list.getByRole('button', { name: 'Delete Notch, "upper"' }).click();
  await list.getByText('None yet on these images').waitFor();
  await kept();
  await page.reload();
  await list.getByText('None yet on these images').waitFor();
  expect(faults).toEqual([]);
});

/** Puts a length of 30 columns on a film of {@link filmOfASquare}, by keyboard. */
async function measureLength(page: Page, pane: Locator): Promise<void> {
  await pane.focus();
  await page.keyboard.press('l');
  await pane.getByText('Put one end').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await pane.getByText('Put the other end').waitFor({ state: 'detached' });
  for (let press = 0; press < 3; press++) await page.keyboard.press('Shift+ArrowRight');
  await pane.getByText('6.0 mm').waitFor();
  await page.keyboard.press('Enter');
}

/** Waits until the server has just these measurements. */
async function kept(...rows: object[]): Promise<void> {
  const repository = app.platform.dataSource.getRepository(Measurement);
  await expect
    .poll(() => repository.find({ relations: { requestedBy: true }, order: { id: 'ASC' } }), { timeout: 60_000 })
    .toMatchObject(rows);
}

test('what is measured while the server is away waits in the browser, is said to, and is kept once it is back', async () => {
  const { path } = await filmOfASquare();
  const { page, pane } = await openViewer(path);
  const list = page.getByRole('region', { name: 'Measurements' });
  app.block(/(Save|Update)Measurement/);
  await measureLength(page, pane);
  await list
    .getByRole('alert')
    .filter({ hasText: 'The server does not answer.' })
    .filter({ hasText: '1 change waits in this browser until then, also when you leave the page.' })
    .waitFor();
  await list.getByText('not on the server yet').waitFor();
  await page.reload();
  await list.getByLabel('Name of length 6.0 mm').fill('Away');
  await list.getByRole('alert').waitFor();

  // The first request may have arrived, and only its answer was lost: it is kept once, under the name that it has by now.
  app.block(undefined);
  await list.getByRole('button', { name: 'Try again' }).click();
  await kept({ name: 'Away', value: expect.closeTo(6, 9) as number });
  await list.getByRole('alert').waitFor({ state: 'detached' });
  await list.getByRole('button', { name: 'Delete Away' }).click();
  await kept();
});

test('what waits in the browser is neither seen nor sent by whoever signs in there next', async () => {
  const { path, film } = await filmOfASquare();
  const { page } = await openViewer(path, { role: 'OPERATOR' });
  const list = page.getByRole('region', { name: 'Measurements' });
  const [reader] = await app.platform.dataSource.query<{ id: number }[]>(
    `SELECT id FROM api_token WHERE name = 'reader'`,
  );
  const place = `osteograph:drafts:${encodeId('ApiToken', reader!.id)}:${film}`;
  const draft = { id: 'd1', kind: 'length', name: 'Waits', note: '', plane: null, slice: 0, value: 1, unit: 'mm' };
  const points = '[[0, 0], [50, 0]]';
  await page.evaluate(
    `localStorage.setItem(${JSON.stringify(place)}, JSON.stringify([{ ...${JSON.stringify(draft)}, points: ${points} }]))`,
  );
  await page.reload();
  await list.getByText('None yet on these images').waitFor();
  await measureLength(page, page.getByRole('application').first());
  await kept({ requestedBy: { name: 'operator' } });

  await page.evaluate(`localStorage.setItem('osteograph:token', ${JSON.stringify(app.tokens.READER)})`);
  await page.reload();
  await kept({ requestedBy: { name: 'operator' } }, { name: 'Waits', requestedBy: { name: 'reader' } });
});

test('what an earlier version of the app kept in this browser goes to the server; what the server refuses stays with its reason', async () => {
  const { path, film } = await filmOfASquare();
  const { page } = await openViewer(path);
  const list = page.getByRole('region', { name: 'Measurements' });
  const place = `osteograph:measurements:${film}`;
  const old = (id: string, name: string, column: number) => ({
    ...{ id, kind: 'length', name, plane: null, slice: 0, value: 1, unit: 'mm' },
    points: [
      [0, 0],
      [column, 0],
    ],
  });
  const drafts = JSON.stringify([old('a1', 'Old', 50), old('a2', 'Outside', 500)]);
  await page.evaluate(`localStorage.setItem(${JSON.stringify(place)}, ${JSON.stringify(drafts)})`);
  await page.reload();

  await kept({ name: 'Old', value: 10, clientKey: 'a1' });
  await list.getByLabel('Name of length 10.0 mm').waitFor();
  await list
    .getByRole('alert')
    .filter({
      hasText: 'Not on the server: The point at column 500, row 0 lies outside the picture of 100 x 80 pixels.',
    })
    .waitFor();
  await list.getByRole('button', { name: 'Delete Outside' }).click();
  await list.getByRole('alert').waitFor({ state: 'detached' });
  expect(await page.evaluate(`localStorage.getItem(${JSON.stringify(place)})`)).toBeNull();
  await list.getByRole('button', { name: 'Delete Old' }).click();
  await kept();
});

test('others see a measurement and who made it and cannot change it, and are told when the image was replaced', async () => {
  const { path, film } = await filmOfASquare();
  const { dataSource } = app.platform;
  await dataSource.query(
    `INSERT INTO measurement (radiograph_id, kind, points, value, unit, name, note, image_sha256, requested_by_id)
     SELECT $1, 'LENGTH', '[[10,10],[60,10]]', 10, 'MM', 'Of another', 'look here', 'x', id FROM api_token WHERE name = 'operator'`,
    [decodeId(film)!.key],
  );
  const { page, faults } = await openViewer(path, { role: 'READER', width: 390, height: 844, scheme: 'dark' });
  const list = page.getByRole('region', { name: 'Measurements' });
  await list.getByText('Of another', { exact: true }).waitFor();
  await list.getByText('by operator').waitFor();
  await list.getByText('look here').waitFor();
  await list.getByText('The image has been replaced since').waitFor();
  expect(await list.getByRole('textbox').count()).toBe(0);
  expect(await list.getByRole('button', { name: /^Delete/ }).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(faults).toEqual([]);

  // A name alone does not measure it again.
  const { page: administrators } = await openViewer(path);
  await administrators.getByLabel('Name of length 10.0 mm').fill('Checked');
  await kept({ name: 'Checked', value: 10, imageSha256: 'x' });
  await administrators.getByText('The image has been replaced since').waitFor();
});

test('an angle and a joint space are measured with the mouse, and a point can be dragged', async () => {
  const { path } = await filmOfASquare();
  const { page, pane } = await openViewer(path);
  const list = page.getByRole('region', { name: 'Measurements' });
  const put = async (column: number, row: number) => {
    await over(page, pane, column, row);
    await page.mouse.down();
    await page.mouse.up();
  };
  await page.getByRole('button', { name: 'Angle', exact: true }).click();
  await put(20, 60);
  await put(60, 60);
  await put(60, 30);
  await list.getByText('90.0°').waitFor();

  await page.getByRole('button', { name: 'Joint space', exact: true }).click();
  await put(30, 50);
  await put(70, 50);
  await put(40, 25);
  // 25 rows of 0.2 mm.
  await list.getByText('5.0 mm').waitFor();
  await over(page, pane, 40, 25);
  await page.mouse.down();
  await over(page, pane, 45, 40);
  await page.mouse.up();
  await list.getByText('2.0 mm').waitFor();
  const rows = () =>
    app.platform.dataSource.query<object[]>(
      'SELECT kind, round(value::numeric, 1)::float AS value FROM measurement ORDER BY id',
    );
  await expect.poll(rows, { timeout: 60_000 }).toEqual([
    { kind: 'ANGLE', value: 90 },
    { kind: 'JOINT_SPACE', value: 2 },
  ]);
});

test('a baseline hangs beside its follow-up and the right knee beside the left one; linked panes move together', async () => {
  const { dataSource, store } = app.platform;
  const { exam } = await createExam(app.platform, { mri: true });
  const make = factories(dataSource);
  const visit = await make.visit({ id: exam.participantId } as Participant, { code: 'V03' });
  const left = await make.exam({ id: exam.visitId, participantId: exam.participantId } as Visit, { side: 'LEFT' });
  const later = await make.exam(visit, { side: 'RIGHT' });
  const png = encodePng({ rows: 8, columns: 8, data: new Uint16Array(64).fill(7) });
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  await make.radiograph(later, { assetId, rows: 8, columns: 8 });
  const { assetId: volume } = await dataSource.getRepository(MriSeries).findOneByOrFail({ examId: exam.id });
  await make.series(later, { assetId: volume });
  await make.series(left, { assetId: volume, sequence: 'COR_T1_3D_FLASH_LEFT' });

  const { page, faults } = await openViewer(`/exams/${encodeId('KneeExam', exam.id)}/view`);
  const hanging = page.getByLabel('Hanging');
  expect(await hanging.locator('option').allTextContents()).toEqual([
    'One image',
    'Film and series',
    'Baseline and follow-up',
    'Right and left',
    'Three planes',
  ]);
  const captions = () => page.locator('figcaption').allTextContents();
  await page.getByRole('application').last().focus();
  await hanging.selectOption('Right and left');
  await page.locator('figcaption').filter({ hasText: 'COR_T1_3D_FLASH_LEFT' }).waitFor();
  expect(await captions()).toEqual([
    'COR_T1_3D_FLASH_RIGHT, baseline, right knee',
    'COR_T1_3D_FLASH_LEFT, baseline, left knee',
  ]);
  await hanging.selectOption('Baseline and follow-up');
  await page.locator('figcaption').filter({ hasText: '24 months' }).waitFor();
  expect(await captions()).toEqual([
    'COR_T1_3D_FLASH_RIGHT, baseline, right knee',
    'COR_T1_3D_FLASH_RIGHT, 24 months, right knee',
  ]);
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  await page.getByRole('application').first().focus();
  await page.keyboard.press('PageDown');
  await page.locator('figure').last().getByText('coronal 31 / 80').waitFor();
  await address(page, /hang=baseline-followup.*link=yes.*b\.slice=31/);
  expect(faults).toEqual([]);
});

test('what cannot be shown is said: an unknown exam, a participant without images, a film that is gone', async () => {
  const { page: unknown } = await app.open(`/exams/${encodeId('KneeExam', 999_999)}/view`);
  await unknown.getByRole('heading', { name: 'There is no such exam' }).waitFor();

  const { exam, radiograph } = await createExam(app.platform);
  await app.platform.dataSource.getRepository(Radiograph).update(radiograph.id, { assetId: null });
  const path = `/exams/${encodeId('KneeExam', exam.id)}/view`;
  const { page: empty } = await app.open(path);
  await empty.getByRole('heading', { name: 'There are no images to show' }).waitFor();

  const lost = await factories(app.platform.dataSource).asset();
  await app.platform.dataSource.getRepository(Radiograph).update(radiograph.id, { assetId: lost.id });
  const { page: gone } = await app.open(path);
  await gone
    .getByRole('alert')
    .filter({ hasText: /^Could not load the radiograph: the server answered with \d+\.$/ })
    .waitFor();
});

test('an address that says nonsense shows the images as they hang by themselves', async () => {
  const { path } = await filmOfASquare();
  const { pane, faults } = await openViewer(
    `${path}?hang=upside&a=nothing&a.window=9,1&a.sight=x,y,z&tool=hammer&pane=q&cross=1`,
  );
  await pane.getByText('W 2,000 L 2,000').waitFor();
  expect(faults).toEqual([]);
});

test('the sheet of keys opens by its key and gives the focus back; axe finds nothing', async () => {
  const { exam } = await createExam(app.platform, { mri: true });
  const { page, pane } = await openViewer(`/exams/${encodeId('KneeExam', exam.id)}/view`);
  for (const { colorScheme, width } of [
    { colorScheme: 'light', width: 1440 },
    { colorScheme: 'dark', width: 390 },
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect({ width, found: await accessibilityFaults(page) }).toEqual({ width, found: [] });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }
  await pane.focus();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys and gestures' }).waitFor();
  expect(await accessibilityFaults(page, 'dialog')).toEqual([]);
  await page.keyboard.press('Escape');
  expect(await page.locator(':focus').getAttribute('role')).toBe('application');
});

test('the viewer of a generation hangs its film beside its volume and what was taken beside what was made', async () => {
  const { dataSource, bundle } = app.platform;
  const { exam, radiograph } = await createExam(app.platform, { mri: true });
  const make = factories(dataSource);
  const { id } = await make.generation(exam, radiograph, bundle, { state: 'SUCCEEDED', sliceCount: 80 });
  const { assetId } = await dataSource.getRepository(MriSeries).findOneByOrFail({ examId: exam.id });
  await make.series(exam, { sequence: 'SYNTHETIC_COR', assetId, generationId: id });

  const { page, faults } = await app.open(`/generations/${encodeId('Generation', id)}`);
  await page.getByRole('link', { name: 'Open the viewer' }).click();
  await page.locator('[data-ready=true]').waitFor();
  const marks = async () => [
    await page.locator('figure').first().getByText('synthetic').textContent(),
    await page.locator('figure').last().getByText('synthetic').textContent(),
  ];
  expect(await marks()).toEqual(['phantom, synthetic', 'synthetic, made by a model']);
  await page.getByLabel('Hanging').selectOption('Acquired and generated');
  await page.locator('figcaption').filter({ hasText: 'COR_T1_3D_FLASH_RIGHT' }).waitFor();
  expect(await marks()).toEqual(['phantom, synthetic', 'synthetic, made by a model']);
  expect(await page.getByText(/real MRI/i).count()).toBe(0);
  expect(faults).toEqual([]);

  const { page: none } = await app.open(`/generations/${encodeId('Generation', randomUUID())}/view`);
  await none.getByRole('heading', { name: 'There is no such generation' }).waitFor();
});

test('two fingers zoom a picture, and slices play until they are stopped', async () => {
  const { exam } = await createExam(app.platform, { mri: true });
  const { page } = await openViewer(`/exams/${encodeId('KneeExam', exam.id)}/view`, { width: 390, height: 844 });
  const pane = page.getByRole('application').last();
  await pane.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await pane.boundingBox())!;
  const middleAt = { x: x + width / 2, y: y + height / 2 };
  const session = await page.context().newCDPSession(page);
  const fingers = (apart: number) => [
    { x: middleAt.x - apart, y: middleAt.y, id: 1 },
    { x: middleAt.x + apart, y: middleAt.y, id: 2 },
  ];
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(30) });
  await session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(60) });
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await address(page, /b\.sight=[12]\.\d/);

  await pane.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press(' ');
  await pane.getByText('coronal 3 / 80').waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
});
