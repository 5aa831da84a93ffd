import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { Radiograph } from '../../src/entities/index.js';
import { registerBundles } from '../../src/services/bundles/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { batchOf } from '../helpers/batches.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let models: string;

/** Work for some seconds at least: a cut or a click in the middle is in the middle. */
const LONG = { sliceCount: 30, steps: 400 };

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'osteograph-batch-bundles-'));
  for (const name of ['tiny-restorer', 'tiny-superres']) {
    await cp(join(packageRoot, `test/golden/${name}-bundle`), join(models, name, '1.0.0'), { recursive: true });
  }
  app = await startWebApp();
  await registerBundles(app.platform.dataSource, models);
});

afterAll(async () => {
  await app.close();
  await rm(models, { recursive: true, force: true });
});

async function makeExams(count: number): Promise<{ id: number }[]> {
  const exams = [];
  for (let index = 0; index < count; index++) exams.push((await createExam(app.platform)).exam);
  return exams;
}

async function removeFilm({ id }: { id: number }): Promise<void> {
  await app.platform.dataSource.getRepository(Radiograph).delete({ examId: id });
}

const badge = (page: Page, state: string) => page.locator('h1 + *').getByText(state, { exact: true });

const part = (page: Page, name: RegExp) =>
  page.getByRole('list', { name: 'Exams by what has become of them' }).getByRole('button', { name });

test('a batch is started from a cohort, followed through a cut connection and a reload to its end, and taken home', async () => {
  const exams = await makeExams(4);
  await removeFilm(exams[0]!);
  const { page, faults } = await app.open('/cohorts', { role: 'OPERATOR' });
  await page.getByRole('button', { name: 'Save cohort' }).click();
  await page.getByLabel('Name').fill('Four knees');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Start a batch …' }).click();
  await page.getByText('each of 4 knee exams. 1 of them has no radiograph here').waitFor();
  await page.getByLabel('Slices').fill(String(LONG.sliceCount));
  await page.getByLabel('Steps').fill(String(LONG.steps));
  await page.getByLabel('Priority').fill('-3');
  await page.getByRole('button', { name: 'Start', exact: true }).dblclick();
  await page.waitForURL('**/batches/*');
  await page.getByRole('heading', { name: 'Four knees' }).waitFor();
  const [{ count }] = (await app.platform.dataSource.query('SELECT count(*)::int FROM batch')) as [{ count: number }];
  expect(count).toBe(1);

  await part(page, /^[1-3] made/).waitFor();
  app.cut();
  await page.getByText('Connection lost').waitFor();
  await part(page, /^[23] made/).waitFor();
  await page.reload();
  await badge(page, 'partial').waitFor();
  await part(page, /^3 made/).waitFor();
  expect(await page.getByText('priority -3').isVisible()).toBe(true);

  await page.getByText('The exam has no radiograph with pixels').first().click();
  await part(page, /^1 not possible/).click();
  expect(new URL(page.url()).searchParams.get('exams')).toBe('NOT_POSSIBLE');
  await page.getByRole('region', { name: 'Exams', exact: true }).getByText('1 exam', { exact: true }).waitFor();
  await page.getByRole('table', { name: 'Exams of the batch' }).getByRole('row').nth(1).waitFor();
  expect(await page.getByRole('table', { name: 'Exams of the batch' }).getByRole('row').count()).toBe(2);

  await page.getByRole('button', { name: 'Download …' }).click();
  await page.getByLabel('Format').selectOption('DICOM_ZIP');
  await page.getByRole('button', { name: 'Write the archive' }).click();
  await page.waitForURL('**/cohorts/exports');
  const address = await page.getByRole('link', { name: /^Download/ }).getAttribute('href');
  expect((await fetch(app.url + address!)).headers.get('content-type')).toBe('application/zip');
  // What the browser says of the connection that the test has cut.
  expect(faults.filter((fault) => !/WebSocket|ERR_/.test(fault))).toEqual([]);
});

test('a running batch is paused, goes on, is canceled after a warning, and what was canceled is asked for again', async () => {
  const { id } = await batchOf(app.platform, await makeExams(3), { ...LONG, name: 'Stop and go' });
  const { page, faults } = await app.open(`/batches/${encodeId('Batch', id)}`, { role: 'ADMIN' });
  await part(page, /^1 running/).waitFor();

  await page.getByRole('button', { name: 'Pause' }).click();
  await badge(page, 'paused').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await badge(page, 'running').waitFor();

  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByText('It cannot be resumed.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await page.locator('button:focus').textContent()).toBe('Cancel …');
  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByRole('button', { name: 'Cancel the batch' }).click();
  await badge(page, 'canceled').waitFor();
  await part(page, /canceled/).waitFor();

  await page.getByRole('button', { name: /^Retry \d exams?$/ }).click();
  await badge(page, 'running').waitFor();
  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByRole('button', { name: 'Cancel the batch' }).click();
  await badge(page, 'canceled').waitFor();
  expect(faults).toEqual([]);
});

test('failures are told by their reason, with the generations behind it', async () => {
  const { dataSource, store } = app.platform;
  const exams = await makeExams(3);
  const broken = await storeAsset(dataSource.manager, store, Buffer.from('not a picture'), 'image/png');
  await dataSource.getRepository(Radiograph).update({ examId: exams[0]!.id }, { assetId: broken.id });
  await removeFilm(exams[1]!);
  const { id } = await batchOf(app.platform, exams, { name: 'Bad films' });
  const { page, faults } = await app.open(`/batches/${encodeId('Batch', id)}`, { role: 'OPERATOR' });
  await badge(page, 'partial').waitFor();

  const reasons = page.getByRole('region', { name: 'Without a volume' }).getByRole('group');
  await reasons.nth(1).waitFor();
  const [failure] = await reasons.filter({ hasNotText: 'no radiograph' }).all();
  await failure!.locator('summary').click();
  await failure!.getByRole('link', { name: /^Right knee of/ }).click();
  await page.waitForURL('**/generations/*');
  await badge(page, 'failed').waitFor();
  expect(faults).toEqual([]);
});

test('a reader watches a batch and takes it home, and is told why nothing can be changed', async () => {
  const { id } = await batchOf(app.platform, await makeExams(2), { ...LONG, name: 'Watched' });
  const { page, faults } = await app.open(`/batches/${encodeId('Batch', id)}`, { role: 'READER' });
  await page.getByText('Your role READER can watch this batch').waitFor();
  for (const name of ['Pause', 'Cancel …']) expect(await page.getByRole('button', { name }).count()).toBe(0);
  await badge(page, 'succeeded').waitFor();
  expect(await page.getByRole('button', { name: 'Download …' }).isVisible()).toBe(true);

  await page.getByRole('link', { name: 'Batches' }).first().click();
  await page.getByRole('link', { name: 'Watched' }).waitFor();
  expect(await page.getByRole('link', { name: 'Start from a cohort' }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('a summary token is refused with what it would need', async () => {
  const { page } = await app.open('/batches', { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Your token may not read records' }).waitFor();
  expect(await page.getByRole('link', { name: 'Batches' }).count()).toBe(0);
});

test('the queue stands before what is over, and follows what happens', async () => {
  const { page } = await app.open('/batches', { role: 'OPERATOR' });
  const queue = page.getByRole('region', { name: 'In the queue' });
  await queue.getByText('Nothing is waiting.').waitFor();
  await batchOf(app.platform, await makeExams(1), { name: 'Seen at once' });
  await page.reload();
  await page.getByRole('region', { name: 'Over' }).getByRole('link', { name: 'Seen at once' }).waitFor();
  await queue.getByText('Nothing is waiting.').waitFor();
});

test('a batch that is over is deleted with its volumes, after a warning that says what goes and what stays', async () => {
  const exams = await makeExams(1);
  await batchOf(app.platform, exams, { name: 'First' });
  const { page: list } = await app.open('/batches');
  await list.getByRole('region', { name: 'Over' }).getByRole('link', { name: 'First' }).waitFor();
  const second = await batchOf(app.platform, exams, { name: 'Second' });
  const { page: reader } = await app.open(`/batches/${encodeId('Batch', second.id)}`, { role: 'READER' });
  await badge(reader, 'succeeded').waitFor();
  expect(await reader.getByRole('button', { name: 'Delete …' }).count()).toBe(0);

  await list.getByRole('link', { name: 'First' }).click();
  await list.getByRole('button', { name: 'Delete …' }).click();
  await list.getByText('Gone for good, with its log: 1 MRI volume made for it').waitFor();
  await list.getByRole('button', { name: 'Delete the batch' }).click();
  await list.getByText('A volume of this batch belongs to the batch "Second"; delete that batch first.').waitFor();

  const { page, faults } = await app.open(`/batches/${encodeId('Batch', second.id)}`);
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByText('Kept, not made for it: 1 MRI volume').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByRole('button', { name: 'Delete the batch' }).click();
  await page.waitForURL(`${app.url}/batches`);
  await page.getByRole('region', { name: 'Over' }).getByRole('link', { name: 'First' }).waitFor();
  expect(await page.getByRole('link', { name: 'Second' }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('a batch restores films or makes series finer, and says what it was told', async () => {
  await createExam(app.platform, { mri: true });
  const { page, faults } = await app.open('/cohorts', { role: 'OPERATOR' });
  const dialog = page.getByRole('dialog', { name: 'Start a batch' });
  const facts = page.getByRole('region', { name: 'Request' });
  const begin = async (task: string) => {
    await page.getByRole('button', { name: 'Start a batch …' }).click();
    await dialog.getByLabel('What is made').selectOption(task);
  };
  await begin('Restored radiographs');
  await dialog.getByText('A restored film of each of').waitFor();
  await dialog.getByLabel('Strength').fill('900');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await dialog.getByText('sigma is 900; tiny-restorer was trained for 0 to 75.').waitFor();
  await dialog.getByLabel('Strength').fill('20');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await page.waitForURL('**/batches/*');
  await facts.getByText('tiny-restorer@1.0.0').waitFor();
  expect(await facts.innerText()).toMatch(/Task\s+restored film\s+Noise, of 255\s+20\s/);
  await page.getByText('synthetic: restored film').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.goto(`${app.url}/cohorts`);
  await begin('Finer MRI series');
  await dialog.getByText('no MRI series with pixels here and will be listed as not possible').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await dialog.getByLabel('How many times finer').fill('1.5');
  await dialog.getByRole('combobox', { name: 'Slices' }).selectOption('twice as many, half as thick');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await page.waitForURL('**/batches/*');
  await facts.getByText('tiny-superres@1.0.0').waitFor();
  expect(await facts.innerText()).toMatch(
    /Pixels a side, times\s+1.5\s+By the\s+student\s+Series\s+COR_T1_3D_FLASH\s+Slices, times\s+2/,
  );
  await badge(page, 'partial').waitFor();
  await part(page, /^1 made/).waitFor();
  await page.getByRole('button', { name: 'Download …' }).click();
  await page.getByRole('heading', { name: /^Download 1 (finer MRI series|restored film)$/ }).waitFor();
  expect(await page.getByLabel('Format').count()).toBe(0);
  await page.getByRole('button', { name: 'Write the archive' }).click();
  await page.waitForURL('**/cohorts/exports');
  const address = await page
    .getByRole('link', { name: /^Download/ })
    .first()
    .getAttribute('href');
  expect((await fetch(app.url + address!)).headers.get('content-type')).toBe('application/zip');
  expect(faults).toEqual([]);
});

test('an unknown batch shows a page that says so', async () => {
  const { page } = await app.open(`/batches/${encodeId('Batch', '00000000-0000-4000-8000-000000000000')}`);
  await page.getByRole('heading', { name: 'There is no such batch' }).waitFor();
});
