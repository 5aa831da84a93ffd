import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { ReaderStudy } from '../../src/entities/index.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
/** Path of a study of four pairs, made by the administrator. */
let study: string;

beforeAll(async () => {
  app = await startWebApp();
  for (const kl of [0, 2]) await createExam(app.platform, { mri: true, kl });
});

afterAll(() => app.close());

const pair = (page: Page, text: string) => page.getByText(text, { exact: true });
const ready = (page: Page) => page.locator('[data-ready=true]').waitFor();

test('a study is made from a finished evaluation, and opens when its pictures are drawn', async () => {
  const { page, faults } = await app.open('/reader-studies');
  await page.getByRole('heading', { name: 'There is no reader study yet' }).waitFor();
  await page.getByRole('link', { name: 'New study …' }).click();
  await page.getByRole('heading', { name: 'No evaluation has finished yet' }).waitFor();

  await page.goto(`${app.url}/evaluations/new?bundle=tiny-bundle@1.0.0&steps=1,2&slices=6`);
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await page.getByRole('link', { name: 'Reader study …' }).click({ timeout: 240_000 });
  await page.getByLabel('Name').fill('Real or not');
  await page.getByLabel('Pairs').fill('4');
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make the study' }).click();
  await page.getByText('open', { exact: true }).waitFor({ timeout: 120_000 });

  study = new URL(page.url()).pathname;
  expect(await page.getByText('Nobody has finished yet.').count()).toBe(1);
  expect(faults).toEqual([]);
});

test('a study whose pictures wait for something says for what', async () => {
  const studies = app.platform.dataSource.getRepository(ReaderStudy);
  const { id: _, createdAt: __, ...made } = await studies.findOneByOrFail({ name: 'Real or not' });
  const id = randomUUID();
  await studies.insert({
    ...{ ...made, id, name: 'Later', state: 'QUEUED', startedAt: null, finishedAt: null },
    notBefore: new Date(Date.now() + 3_600_000),
    waitingReason: 'The blob store cannot be used at the moment: The blob store does not answer.',
  });

  const { page, faults } = await app.open(`/reader-studies/${encodeId('ReaderStudy', id)}`);

  await page.getByText('The blob store cannot be used at the moment: The blob store does not answer.').waitFor();
  expect(await page.getByText('preparing', { exact: true }).count()).toBe(1);
  expect(faults).toEqual([]);
});

test('a reader answers by key and by pointer, and goes on at the right pair after a reload', async () => {
  const { page, faults } = await app.open(study, { role: 'READER' });
  await page.getByText('Results are shown to readers when they have answered every pair').waitFor();
  expect(await page.getByRole('button', { name: 'Close the study' }).count()).toBe(0);
  await page.getByRole('link', { name: 'Take part' }).click();

  await pair(page, 'Pair 1 of 4').waitFor();
  await ready(page);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.keyboard.press('1');
  await pair(page, 'Pair 2 of 4').waitFor();
  await ready(page);
  await page.keyboard.press('ArrowRight');
  await pair(page, 'Pair 3 of 4').waitFor();

  await page.reload();
  await pair(page, 'Pair 3 of 4').waitFor();
  await page.goto(app.url + study);
  await page.getByRole('link', { name: 'Go on: 2 of 4 answered' }).click();
  await page.getByRole('button', { name: 'The left image was imported' }).click();
  await pair(page, 'Pair 4 of 4').waitFor();
  expect(faults).toEqual([]);
});

test('a pair is not answered twice: another tab is told so, and goes on where the server is', async () => {
  const { page: first } = await app.open(`${study}/read`, { role: 'OPERATOR' });
  const { page: second, faults } = await app.open(`${study}/read`, { role: 'OPERATOR' });
  for (const page of [first, second]) await ready(page);
  await first.keyboard.press('1');
  await pair(first, 'Pair 2 of 4').waitFor();

  await second.keyboard.press('2');
  await second.getByText('was answered LEFT; an answer is given once.').waitFor();
  await second.getByRole('button', { name: "Go on at the server's pair" }).click();
  await pair(second, 'Pair 2 of 4').waitFor();
  expect(faults).toEqual([]);
});

test('the result is shown after the last pair, with its interval, and only to those who may know it', async () => {
  const { page } = await app.open(`${study}/read`, { role: 'READER' });
  await ready(page);
  await page.keyboard.press('2');
  await page.getByRole('link', { name: 'See your result' }).click();

  const [{ right }] = (await app.platform.dataSource.query(
    `SELECT count(*) FILTER (WHERE t.choice = t.real_side)::integer AS right FROM reader_session s
     JOIN reader_trial t ON t.session_id = s.id WHERE s.finished_at IS NOT NULL`,
  )) as [{ right: number }];
  const own = page.getByRole('region', { name: 'Your answers' });
  expect(await own.innerText()).toMatch(
    new RegExp(`${25 * right}\\s%\\sright: ${right} of 4 pairs, Wilson's 95 % interval \\d+\\s% to \\d+\\s%`),
  );
  await page
    .getByRole('region', { name: 'All readers who have finished' })
    .getByText('1 reader', { exact: true })
    .waitFor();
  expect(await page.getByRole('link', { name: 'Take part' }).count()).toBe(0);

  const { page: unfinished } = await app.open(study, { role: 'OPERATOR' });
  await unfinished.getByText('Results are shown to readers when they have answered every pair').waitFor();
  expect(await unfinished.getByRole('region', { name: /answers|finished/ }).count()).toBe(0);
});

test.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 390 },
] as const)(
  'study, list and pair are accessible in $scheme at $width pixels, and not wider than the screen',
  async (options) => {
    const { page } = await app.open(study, options);
    for (const path of [study, '/reader-studies', `${study}/read`]) {
      await page.goto(app.url + path);
      await (path.endsWith('/read') ? ready(page) : page.getByText('open', { exact: true }).waitFor());
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.width);
    }
  },
);

test('who made a study closes it, and readers are told so', async () => {
  const { page } = await app.open(study);
  await page.getByRole('button', { name: 'Close the study' }).click();
  await page.getByText('closed', { exact: true }).waitFor();

  const { page: late } = await app.open(`${study}/read`, { role: 'OPERATOR' });
  await ready(late);
  await late.keyboard.press('1');
  await late.getByText('The study takes no answers: it is closed.').waitFor();
});

test('a summary token is told which role reader studies need', async () => {
  const { page, faults } = await app.open(study, { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Your token may not read records' }).waitFor();
  expect(faults).toEqual([]);
});
