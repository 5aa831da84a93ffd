import { makeCohort, makeStudy } from '../helpers/cohorts.js';
import { ask } from '../helpers/server.js';
import { startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
  // Participants 1500000 to 1500009, both knees at V00 and V06, KL n mod 5 on the right and n + 1 mod 5 on the left.
  await makeStudy(app.platform.dataSource, 10);
});

afterAll(() => app.close());

async function opened(kind: 'STATIC' | 'DYNAMIC', name: string, token = app.tokens.ADMIN) {
  const filter = { visit: { eq: 'V00' }, kl: { gte: 3 } };
  const id = await makeCohort(app.url, token, { name, kind, filter, visibility: 'READERS' });
  const opened = await app.open(`/cohorts/saved/${id}`);
  await opened.page.getByRole('button', { name: 'Change …' }).click();
  return { ...opened, id, dialog: opened.page.getByRole('dialog', { name: 'Change the cohort' }) };
}

test('a cohort gets another name and description, and its history says why', async () => {
  const { page, dialog, faults } = await opened('STATIC', 'Bad knees');
  await dialog.getByLabel('Name').fill('Worn knees');
  await dialog.getByLabel('Description').fill('KL 3 and 4 at baseline.');
  await dialog.getByLabel('What changes and why').fill('A kinder name.');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();

  await page.getByRole('heading', { name: 'Worn knees' }).waitFor();
  await page.getByText('KL 3 and 4 at baseline.').waitFor();
  await page.getByText('Version 2: 8 exams').waitFor();
  await page.getByText(/: A kinder name\.$/).waitFor();
  expect(await page.getByText('Version 1: 8 exams').count()).toBe(1);
  expect(faults).toEqual([]);
});

test('exams are taken into a frozen cohort by lines, and left out by a filter', async () => {
  const { page, dialog, faults } = await opened('STATIC', 'Frozen');
  await dialog.getByLabel('Its exams').selectOption('take in those that lines name');
  await dialog.getByLabel('Knees').fill('1500000 V00 RIGHT\n1500001,V06');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();
  await page.getByText('Version 2: 11 exams').waitFor();

  await page.getByRole('button', { name: 'Change …' }).click();
  await dialog.getByLabel('Its exams').selectOption('leave out those that a filter selects now');
  await dialog.getByLabel('Filter').fill('{ side: { eq: LEFT } }');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();
  await page.getByText('Version 3: 6 exams').waitFor();
  expect(faults).toEqual([]);
});

test('a live cohort gets another filter, which begins as the one it has', async () => {
  const { page, dialog } = await opened('DYNAMIC', 'Live');
  expect(await dialog.getByLabel('Its exams').locator('option').allTextContents()).toEqual([
    'stay those of its filter',
    'are those of another filter',
  ]);
  await dialog.getByLabel('Its exams').selectOption('are those of another filter');
  expect(await dialog.getByLabel('Filter').inputValue()).toBe('{\n  kl: { gte: 3 }\n  visit: { eq: V00 }\n}');
  await dialog.getByLabel('Filter').fill('{ kl: { eq: 4 } }');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();
  await page.getByText('Version 2: 8 exams').waitFor();
});

test('what cannot be is said in the dialog, which stays open, and nothing is changed', async () => {
  const { page, dialog, id } = await opened('STATIC', 'Fixed');
  const save = dialog.getByRole('button', { name: 'Save as a new version' });
  const says = (text: string) => dialog.getByRole('alert').filter({ hasText: text }).waitFor();

  await save.click();
  await says('There is nothing to change; give a name, a description, a filter or exams.');
  await dialog.getByLabel('Its exams').selectOption('are those that a filter selects now');
  await dialog.getByLabel('Filter').fill('{ klx: 2 }');
  await save.click();
  await says('KneeExamFilter has no field "klx"');
  await dialog.getByLabel('Its exams').selectOption('leave out those that lines name');
  await dialog.getByLabel('Knees').fill('1500000 V00 RIGHT\nsomebody');
  await save.click();
  await says('Line 2 names no knee; write a participant, a visit and a side, as in 9001234 V00 RIGHT.');
  await dialog.getByLabel('Knees').fill('1599999 V00 RIGHT');
  await save.click();
  await says('1599999');

  // Somebody else was quicker.
  const mutation =
    'mutation ($id: ID!) { updateCohort(input: { id: $id, version: 1, name: "Moved on" }) { cohort { id } } }';
  await ask(app.url, mutation, { id }, app.tokens.ADMIN);
  await dialog.getByLabel('Its exams').selectOption('stay as they are');
  await dialog.getByLabel('Name').fill('Too late');
  await save.click();
  await says('The cohort "Moved on" is at version 2, not 1; read it again and repeat the change.');
  await page.reload();
  await page.getByRole('heading', { name: 'Moved on' }).waitFor();
});

test('who may only read a cohort is offered no change of it', async () => {
  const id = await makeCohort(app.url, app.tokens.ADMIN, { name: 'Theirs', filter: {}, visibility: 'READERS' });
  const { page } = await app.open(`/cohorts/saved/${id}`, { role: 'READER' });
  await page.getByRole('heading', { name: 'Theirs' }).waitFor();

  expect(await page.getByRole('button', { name: 'Change …' }).count()).toBe(0);
});
