import type { Page } from 'playwright-core';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
/** Path of an evaluation that has finished. */
let finished: string;

beforeAll(async () => {
  app = await startWebApp();
  for (const [kl, side, sex] of [
    [0, 'RIGHT', 'FEMALE'],
    [2, 'LEFT', 'MALE'],
    [4, 'RIGHT', 'FEMALE'],
  ] as const) {
    await createExam(app.platform, { mri: true, kl, side, sex });
  }
  await createExam(app.platform, { kl: 3 });
});

afterAll(() => app.close());

/** Sends the form off as the address presets it, and waits until the evaluation is there. */
async function evaluate(preset: string): Promise<{ page: Page; faults: string[] }> {
  const opened = await app.open(`/evaluations/new?bundle=tiny-bundle@1.0.0&${preset}`);
  await opened.page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await opened.page.waitForURL((url) => /^\/evaluations\/(?!new)/.test(url.pathname));
  return opened;
}

const state = (page: Page, name: string) => page.getByText(name, { exact: true });

test('an evaluation is put together, followed, and ends in a report', async () => {
  const { page, faults } = await app.open('/evaluations');
  await page.getByRole('heading', { name: 'Nothing was evaluated yet' }).waitFor();
  await page.getByRole('link', { name: 'Evaluate …' }).click();
  await page.getByLabel('tiny-bundle@1.0.0').check();
  await page.getByLabel('Steps').fill('1, 2');
  await page.getByLabel('Slice counts').fill('6');
  await page.getByText('2 arms on 3 knees: 6 volumes').waitFor();
  await page.getByRole('button', { name: '+ set of grades' }).click();
  await page.getByText('4 arms on 3 knees: 12 volumes').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByLabel('Name of the evaluation').fill('With and without KL');
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();

  await page.getByRole('heading', { name: 'With and without KL' }).waitFor();
  await page.getByText(/\d of 12 volumes/).waitFor();
  await state(page, 'succeeded').waitFor({ timeout: 240_000 });
  finished = new URL(page.url()).pathname;
  const scores = page.getByRole('table', { name: 'Scores', exact: true });
  await scores.waitFor();
  // The head, four arms, five kinds of volumes that say nothing, the own series.
  expect(await scores.getByRole('row').count()).toBe(11);
  expect(await scores.getByRole('row', { name: /^Own series, mirrored/ }).innerText()).toContain('1.00');
  expect(await scores.getByRole('row', { name: /^2 steps, without KL/ }).innerText()).toMatch(/0\.\d{3} to 0\.\d{3}/);
  expect(await page.getByText('All of these knees are phantoms').count()).toBe(1);
  expect(faults).toEqual([]);
});

test('the charts are drawn from the served specifications without eval, in the colours of the theme', async () => {
  const { page, faults } = await app.open(finished);
  const charts = page.locator('[data-drawn=true] svg');
  await charts.nth(4).waitFor();

  expect(await page.getByRole('figure').getByRole('heading').allTextContents()).toEqual([
    'PSNR',
    'SSIM and RSSIM',
    'edge F1, bone Dice and sharpness',
    'Joint space: limits of agreement',
    'Adjacent-slice correlation',
    'By KL grade',
    'Where other grades change the volume',
    'Typical knees',
    'The same knees with other grades: 1 step, preferred reading',
    'The same knees with other grades: 2 steps, preferred reading',
  ]);
  const ink = () => page.evaluate(`getComputedStyle(document.querySelector('[data-drawn=true] svg text')).fill`);
  expect(await ink()).toBe('rgb(19, 33, 43)');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await ink()).toBe('rgb(228, 236, 241)');
  for (const figure of await page.getByRole('figure').all()) {
    expect(await figure.innerText()).toMatch(/synthetic|Colours/);
  }
  expect(faults).toEqual([]);
});

test('tests, strata, sheets, files, and what may be compared with the paper, are there', async () => {
  const { page, faults } = await app.open(finished, { role: 'READER' });
  await page.getByRole('table', { name: 'Paired differences' }).waitFor();
  expect(await page.getByText('corrected by Holm').count()).toBe(1);

  await page.getByLabel('By KL grade, side and sex: by').selectOption('sex');
  const strata = page.getByRole('table', { name: 'By KL grade, side and sex' }).getByRole('row');
  expect(await strata.count()).toBe(1 + 4 * 2);

  await page.getByRole('img', { name: /^The same knees with other grades: 2 steps/ }).waitFor();
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))');
  for (const name of [/^report\.html/, /^CSV/]) {
    const address = await page.getByRole('link', { name }).getAttribute('href');
    expect((await fetch(app.url + address!)).status).toBe(200);
  }
  expect(
    await page
      .getByRole('table', { name: 'Which figures can be compared' })
      .getByRole('row', { name: /^PSNR/ })
      .innerText(),
  ).toContain('wrap-around');
  expect(await page.getByRole('link', { name: 'Change and ask again' }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('asking for the same again leads to the evaluation that there is', async () => {
  const { page } = await app.open(finished);
  await page.getByRole('link', { name: 'Change and ask again' }).click();
  await page.getByText('4 arms on 3 knees: 12 volumes').waitFor();
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await page.waitForURL(app.url + finished);
});

test('a cut connection and a reload in the middle lose no volume', async () => {
  const { page } = await evaluate('steps=400,401&slices=20&name=Long');
  const done = page.getByText(/^\d of 6 volumes$/);
  await done.filter({ hasText: /^[1-9]/ }).waitFor();
  app.cut();
  await page.getByText('Connection lost').waitFor();
  const before = await done.innerText();
  await done.filter({ hasNotText: before }).waitFor();

  await page.reload();
  await page.getByRole('table', { name: 'Volumes that were scored last' }).getByRole('row').nth(2).waitFor();
  await state(page, 'succeeded').waitFor({ timeout: 240_000 });
  const scores = page.getByRole('table', { name: 'Scores', exact: true });
  await scores.waitFor();
  // A line of titles, three arms, and five volumes that say nothing.
  expect(await scores.getByRole('row').count()).toBe(9);

  await page.getByRole('link', { name: 'On the same knees' }).click();
  await page.getByRole('row', { name: /With and without KL/ }).waitFor();
});

test('a running evaluation is canceled, and can be asked for again', async () => {
  const { page, faults } = await evaluate('steps=1000&slices=40&name=Stopped');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await state(page, 'canceled').waitFor();
  await page.getByRole('heading', { name: 'It was stopped' }).waitFor();
  expect(await page.getByRole('link', { name: 'Ask again' }).getAttribute('href')).toContain('steps=1000');
  expect(faults).toEqual([]);
});

test('a saved cohort leads to the form, which counts the knees of it that can be compared', async () => {
  const { page } = await app.open('/cohorts?where={"kl":{"gte":2}}');
  await page.getByRole('button', { name: 'Save cohort' }).click();
  await page.getByLabel('Name').fill('From KL 2');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('link', { name: 'Evaluate …' }).click();
  await page.getByLabel('tiny-bundle@1.0.0').check();
  await page.getByText('1 arm on 2 knees: 2 volumes').waitFor();
  expect(await page.getByLabel('Saved cohort').locator('option:checked').textContent()).toBe('From KL 2');
});

test('what the server refuses is said beside the form, and a failed evaluation says why', async () => {
  const { page } = await app.open('/evaluations/new?bundle=tiny-bundle@1.0.0&where={"kl":{"eq":3}}');
  await page.getByText('1 arm on 0 knees').waitFor();
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await page.getByText('none of which has both a radiograph and an imported coronal T1 FLASH series').waitFor();

  await app.platform.dataSource.query(
    `UPDATE evaluation SET state = 'FAILED', error = 'No volume could be scored.' WHERE state = 'CANCELED'`,
  );
  await page.goto(`${app.url}/evaluations`);
  await page.getByRole('link', { name: 'Stopped' }).click();
  await page.getByText('No volume could be scored.').waitFor();
});

test('who may not ask for volumes is told which role it needs', async () => {
  const { page, faults } = await app.open('/evaluations/new', { role: 'READER' });
  await page.getByText('this page needs OPERATOR').waitFor();
  await page.goto(`${app.url}/evaluations/none`);
  await page.getByRole('heading', { name: 'There is no such evaluation' }).waitFor();
  expect(faults).toEqual([]);
});

test.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 390 },
] as const)(
  'report, list and form are accessible in $scheme at $width pixels, and not wider than the screen',
  async (options) => {
    const { page } = await app.open(finished, options);
    for (const [path, drawn] of [
      [finished, page.locator('[data-drawn=true] svg').nth(4)],
      ['/evaluations', page.getByRole('table', { name: 'Evaluations' })],
      ['/evaluations/new?where={"kl":{"gte":2}}', page.getByText('0 arms on 2 knees')],
    ] as const) {
      await page.goto(app.url + path);
      await drawn.waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.width);
    }
  },
);
