import { encodeId } from '../../src/domain/global-ids.js';
import { factories } from '../helpers/factories.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let exam: string;

beforeAll(async () => {
  app = await startWebApp();
  const make = factories(app.platform.dataSource);
  const visit = await make.visit(await make.participant({ oaiId: '9004321' }), { code: 'V00' });
  exam = encodeId('KneeExam', (await make.exam(visit, { side: 'RIGHT' })).id);
});

afterAll(() => app.close());

test('a slash leads to the search, and a hit to its page', async () => {
  const { page, faults } = await app.open('/models', { role: 'READER' });
  const box = page.getByRole('searchbox', { name: 'Search everything' });
  await box.waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('90043');
  await page.getByRole('link', { name: 'Participant 9004321' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Participant 9004321' }).click();
  await page.waitForURL(`${app.url}/exams/${exam}`);

  expect(await page.getByRole('link', { name: 'Participant 9004321' }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('what nothing is called is told, and Escape leaves the search', async () => {
  const { page, faults } = await app.open('/models', { role: 'READER' });
  const box = page.getByRole('searchbox', { name: 'Search everything' });
  await box.fill('nothing-of-this');
  await page.getByText('Nothing is called “nothing-of-this”.').waitFor();
  await box.press('Escape');

  await page.getByText('Nothing is called').waitFor({ state: 'detached' });
  expect(await box.inputValue()).toBe('');
  expect(faults).toEqual([]);
});

test('a token that only counts is offered no search', async () => {
  const { page } = await app.open('/cohorts', { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Cohorts' }).waitFor();

  expect(await page.getByRole('searchbox', { name: 'Search everything' }).count()).toBe(0);
});
