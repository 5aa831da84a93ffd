import { encodeId } from '../../src/domain/global-ids.js';
import { Note, Tag } from '../../src/entities/index.js';
import { factories } from '../helpers/factories.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp('--no-worker');
});

afterAll(() => app.close());

const keyOf = async (name: string): Promise<number> => {
  const [row] = await app.platform.dataSource.query<{ id: number }[]>('SELECT id FROM api_token WHERE name = $1', [
    name,
  ]);
  return row!.id;
};

test('an exam is tagged and noted by keyboard, the search finds the tag, and both are taken away again', async () => {
  const { exam } = await createExam(app.platform);
  const path = `/exams/${encodeId('KneeExam', exam.id)}`;
  const { page, faults } = await app.open(path, { role: 'READER' });
  const card = page.getByRole('region', { name: 'Tags and notes' });
  await card.getByText('No tags yet.').waitFor();
  await card.getByLabel('New tag').fill('Odd alignment, edge');
  await page.keyboard.press('Enter');
  await card.getByRole('listitem').filter({ hasText: 'odd alignment' }).waitFor();
  await card.getByLabel('Your note').fill('Rotated; measure with care.');
  await card.getByRole('button', { name: 'Save' }).press('Enter');
  await card.getByRole('list', { name: 'Notes' }).getByText('Rotated; measure with care.').waitFor();
  await card.getByText('by reader').waitFor();

  await page.reload();
  expect(await card.getByLabel('Your note').inputValue()).toBe('Rotated; measure with care.');
  await page.locator('body').press('/');
  await page.keyboard.type('odd al');
  await page.getByRole('link', { name: 'Tag odd alignment 1 exam' }).click();
  await page.waitForURL((url) => url.pathname === '/cohorts');
  await page.getByText('1 exam', { exact: false }).first().waitFor();
  await page.goto(app.url + path);
  await card.getByRole('button', { name: 'Remove the tag edge' }).click();
  await card.getByText('edge', { exact: true }).waitFor({ state: 'detached' });
  await card.getByRole('button', { name: 'Delete the note by reader' }).click();
  await card.getByRole('list', { name: 'Notes' }).waitFor({ state: 'detached' });
  expect(await card.getByLabel('Your note').inputValue()).toBe('');
  const left = await app.platform.dataSource.getRepository(Tag).findBy({ examId: exam.id });
  expect(left.map(({ name }) => name)).toEqual(['odd alignment']);
  expect(faults).toEqual([]);
});

test("others' tags and notes are read and not changed; what the server refuses is said, and what was typed stays", async () => {
  const { exam } = await createExam(app.platform);
  const { dataSource } = app.platform;
  const createdById = await keyOf('operator');
  await dataSource.getRepository(Tag).insert({ examId: exam.id, name: 'theirs', createdById });
  await dataSource.getRepository(Note).insert({ examId: exam.id, text: 'Of the operator.', createdById });
  const { page } = await app.open(`/exams/${encodeId('KneeExam', exam.id)}`, { role: 'READER' });
  const card = page.getByRole('region', { name: 'Tags and notes' });
  await card.getByText('theirs').waitFor();
  await card.getByText('Of the operator.').waitFor();
  expect(await card.getByRole('button', { name: /^(Remove|Delete)/ }).count()).toBe(0);
  await card.getByLabel('New tag').fill('-nothing');
  await card.getByRole('button', { name: 'Add' }).click();
  await card.getByRole('alert').filter({ hasText: 'begins with a letter or digit; "-nothing" does not.' }).waitFor();
  expect(await card.getByLabel('New tag').inputValue()).toBe('-nothing');
  app.block(/etNote/);
  await card.getByLabel('Your note').fill('Kept on the page.');
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByRole('alert').filter({ hasText: 'The server does not answer.' }).waitFor();
  expect(await card.getByLabel('Your note').inputValue()).toBe('Kept on the page.');
  app.block(undefined);

  for (const { colorScheme, width } of [
    { colorScheme: 'light', width: 1440 },
    { colorScheme: 'dark', width: 390 },
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expect({ width, found: await accessibilityFaults(page) }).toEqual({ width, found: [] });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }
});

test('a run is tagged on its page, and the list of runs shows the tag and finds runs by it', async () => {
  const { exam, radiograph } = await createExam(app.platform);
  const make = factories(app.platform.dataSource);
  const { id } = await make.generation(exam, radiograph, app.platform.bundle, { state: 'FAILED', error: 'It failed.' });
  await make.generation(exam, radiograph, app.platform.bundle, { state: 'CANCELED' });
  const { page, faults } = await app.open(`/generations/${encodeId('Generation', id)}`);
  const card = page.getByRole('region', { name: 'Tags and notes' });
  await card.getByLabel('New tag').fill('look again');
  await card.getByRole('button', { name: 'Add' }).click();
  await card.getByText('look again').waitFor();

  await page.goto(`${app.url}/generations`);
  const rows = page.getByRole('table').getByRole('row');
  await rows.nth(2).waitFor();
  await page.getByLabel('Tag', { exact: true }).fill('look');
  await rows.nth(2).waitFor({ state: 'detached' });
  await rows.nth(1).getByText('look again').waitFor();
  expect(new URL(page.url()).searchParams.get('tag')).toBe('look');
  expect(faults).toEqual([]);
});
