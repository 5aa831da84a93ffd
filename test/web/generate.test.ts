import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let exam: string;
let oaiId: string;

beforeAll(async () => {
  app = await startWebApp();
  const made = await createExam(app.platform, { mri: true });
  exam = encodeId('KneeExam', made.exam.id);
  const [row] = await app.platform.dataSource.query('SELECT oai_id FROM participant');
  oaiId = (row as { oai_id: string }).oai_id;
});

afterAll(() => app.close());

/** Asks for a volume by the form, and waits until it is on its way. */
async function generate(page: Page, wish: { slices: number; steps: number }): Promise<void> {
  await page.getByLabel('Slices').fill(String(wish.slices));
  await page.getByLabel('Steps').fill(String(wish.steps));
  await page.getByLabel('Seed').fill('7');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.waitForURL('**/generations/*');
}

const slices = (page: Page) => page.getByRole('img', { name: /^Slice \d+$/ });

test('a knee is chosen, a what-if asked, its slices arrive, and the volume is compared with the real one', async () => {
  const { page, faults } = await app.open('/generate', { width: 900, height: 600 });
  await page.getByRole('button', { name: new RegExp(oaiId) }).click();
  await page
    .getByLabel(/^Kellgren-Lawrence grade/)
    .selectOption({ label: '4 severe: marked narrowing, bone deformed' });
  expect(await accessibilityFaults(page)).toEqual([]);
  await generate(page, { slices: 6, steps: 4 });

  await page.getByText('succeeded', { exact: true }).waitFor();
  expect(await slices(page).count()).toBe(6);
  expect(await page.locator('ol').getByText('synthetic', { exact: true }).count()).toBe(6);
  expect(await page.getByText('what if: Kellgren-Lawrence grade 4').isVisible()).toBe(true);
  expect(await page.getByRole('img', { name: /^PSNR of 6 slices/ }).count()).toBe(1);

  await page.locator('[data-ready=true]').waitFor();
  expect(await page.getByLabel('Left').locator('option:checked').textContent()).toContain('phantom MRI');
  await page.getByLabel('Slice, posterior to anterior').fill('1');
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Download' }).click();
  for (const name of ['NIfTI', 'DICOM', 'PNG', 'Picture']) {
    const address = await page.getByRole('link', { name: new RegExp(`^${name}`) }).getAttribute('href');
    expect((await fetch(app.url + address!)).status).toBe(200);
  }
  expect(faults).toEqual([]);
});

test('a what-if is held against the same run without it: what changed, by how much and where', async () => {
  const { page, faults } = await app.open('/generations');
  const runs = page.getByRole('table', { name: 'Generations' }).getByRole('row', { name: /tiny-bundle/ });
  await runs.first().getByRole('link').first().click();
  const card = page.getByRole('region', { name: 'What the other grades change' });
  await card.getByText('Nothing to compare with yet').waitFor();
  await card.getByRole('link', { name: 'Make it …' }).click();
  await page.waitForURL('**/generate?*');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.waitForURL('**/generations/*');
  await page.getByText('succeeded', { exact: true }).waitFor();
  expect(await card.count()).toBe(0);

  await page.goBack();
  await page.goBack();
  await card.getByText(/of the volume changes by more than 8 % of the grey range|No visible effect/).waitFor();
  const rows = card.getByRole('table', { name: 'Grey values by part of the knee, of 255' }).getByRole('row');
  expect(await rows.count()).toBe(9);
  const joint = card.getByRole('table', { name: 'Joint space, bone to bone' }).getByRole('row');
  expect(await joint.count()).toBe(3);
  expect(await card.getByRole('img', { name: /^Slices of both volumes/ }).isVisible()).toBe(true);
  await page.locator('[data-ready=true]').waitFor();
  expect(await page.getByRole('button', { name: 'difference', exact: true }).getAttribute('aria-pressed')).toBe('true');
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('the list shows the generations of one task, state, participant or model, and its address says which', async () => {
  const { page, faults } = await app.open('/generations');
  const rows = page.getByRole('table', { name: 'Generations' }).getByRole('row', { name: /tiny-bundle/ });
  await rows.first().waitFor();
  await page.getByLabel('Task').selectOption('restored film');
  await page.getByRole('heading', { name: 'No generation is like that' }).waitFor();
  await page.getByLabel('Task').selectOption('MRI volume');
  await rows.first().waitFor();
  await page.getByLabel('Participant').fill(oaiId);
  await page.waitForURL(`**/generations?task=XRAY_TO_MRI&participant=${oaiId}`);
  await page.reload();
  await rows.first().waitFor();
  expect(await page.getByLabel('Task').inputValue()).toBe('XRAY_TO_MRI');
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);

  await page.goto(`${app.url}/generations?state=NEARLY`);
  await page.getByText('Value "NEARLY" does not exist in "GenerationState" enum.').waitFor();
  await page.getByLabel('State').selectOption('succeeded');
  await rows.first().waitFor();
});

test('a cut connection and a reload in the middle lose no slice', async () => {
  const { page } = await app.open(`/generate?exam=${exam}`, { width: 900, height: 600 });
  await generate(page, { slices: 40, steps: 500 });
  await slices(page).first().waitFor();

  app.cut();
  await page.getByText('Connection lost').waitFor();
  const seen = await slices(page).count();
  await slices(page).nth(seen).waitFor();

  await page.reload();
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  await page.getByText('succeeded', { exact: true }).waitFor();
  expect(await slices(page).count()).toBe(40);
});

const NO_LIVE = 'No live connection in this network; asking every few seconds';

test.each([
  ['no WebSocket through, server-sent events tell its steps', /upgrade: websocket/i, /step \d+ of 300/, NO_LIVE],
  [
    'neither that nor event streams through, it is asked for',
    /upgrade: websocket|accept: text\/event-stream/i,
    NO_LIVE,
    /step \d/,
  ],
])('where a proxy lets %s, to the end of a generation', async (_, blocked, shown, notShown) => {
  app.block(blocked);
  const { page } = await app.open(`/generate?exam=${exam}`, { width: 900, height: 600 });
  await generate(page, { slices: 40, steps: 300 });

  await page.getByText(shown).waitFor();
  expect(await page.getByText(notShown).count()).toBe(0);
  await page.getByText('succeeded', { exact: true }).waitFor();
  expect(await slices(page).count()).toBe(40);
  app.block(undefined);
});

test('a running generation is canceled, keeps what it has, and goes on when it is retried', async () => {
  const { page, faults } = await app.open(`/generate?exam=${exam}`, { width: 900, height: 600 });
  await generate(page, { slices: 40, steps: 500 });
  await slices(page).first().waitFor();

  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('canceled', { exact: true }).waitFor();
  expect(await slices(page).count()).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('running', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('canceled', { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

test('a generation that failed says why and offers another try', async () => {
  const { page } = await app.open('/generations', { scheme: 'dark', width: 390, height: 800 });
  await app.platform.dataSource.query(
    `UPDATE generation SET state = 'FAILED', error = 'The worker ran out of memory.' WHERE state = 'CANCELED'`,
  );
  await page.reload();
  await page
    .getByRole('row', { name: /failed/ })
    .getByRole('link')
    .click();
  await page.getByText('The worker ran out of memory.').waitFor();
  expect(await page.getByRole('button', { name: 'Retry' }).isVisible()).toBe(true);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
});

test('a generation that is over is deleted after a warning, and its address then says that there is none', async () => {
  const { page, faults } = await app.open('/generations');
  const rows = page.getByRole('row', { name: /failed/ });
  await rows.getByRole('link').click();
  await page.waitForURL('**/generations/*');
  const address = page.url();
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByText('links to them stop working').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(await page.getByText('links to them stop working').count()).toBe(0);
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL('**/generations');
  await page
    .getByRole('row', { name: /succeeded/ })
    .first()
    .waitFor();
  await rows.waitFor({ state: 'detached' });

  await page.goto(address);
  await page.getByRole('heading', { name: 'There is no such generation' }).waitFor();
  expect(faults).toEqual([]);
});

test('a reader is not offered to delete a generation', async () => {
  const { page: reader } = await app.open('/generations', { role: 'READER' });
  await reader
    .getByRole('row', { name: /succeeded/ })
    .first()
    .getByRole('link')
    .click();
  await reader.getByRole('link', { name: 'Exam', exact: true }).waitFor();
  expect(await reader.getByRole('button', { name: 'Delete …' }).count()).toBe(0);
});
