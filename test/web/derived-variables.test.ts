import { makeCohort, makeStudy } from '../helpers/cohorts.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
  // Participants 1500000 to 1500009, both knees at V00 and V06, KL n mod 5 on the right and n + 1 mod 5 on the left.
  await makeStudy(app.platform.dataSource, 10);
  await app.platform.dataSource.query(
    `UPDATE knee_exam e SET koos_pain = CASE WHEN v.age < 58 THEN 40 + 5 * (v.age - 50) END FROM visit v WHERE v.id = e.visit_id`,
  );
});

afterAll(() => app.close());

const explorer = (where: object) => `/cohorts?where=${encodeURIComponent(JSON.stringify(where))}`;

test('a variable is defined from the filter of the explorer, counted by, and filtered by', async () => {
  const { page, faults } = await app.open(explorer({ kl: { gte: 2 }, koosPain: { lte: 60 } }), { role: 'READER' });
  await page.getByRole('button', { name: 'Define a variable …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Define a variable' });
  await dialog.getByLabel('Name').fill('koosPain');
  await dialog.getByLabel('Label', { exact: true }).fill('Symptomatic OA');
  expect(await dialog.getByLabel('Yes where').inputValue()).toBe('{\n  kl: { gte: 2 }\n  koosPain: { lte: 60 }\n}');
  await dialog.getByRole('button', { name: 'Define', exact: true }).click();
  await dialog.getByRole('alert').getByText('choose another name').waitFor();
  await dialog.getByLabel('Name').fill('symptomaticOa');
  await dialog.getByRole('button', { name: 'Define', exact: true }).click();

  await page.getByRole('heading', { name: 'Symptomatic OA' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Count knees by it' }).click();
  await page.locator('small', { hasText: 'Symptomatic OA: 1 Yes, 0 No' }).waitFor();
  await page.getByRole('button', { name: 'Yes : 12 knee exams' }).click();
  const counts = page.locator('h1 + p');
  await counts.filter({ hasText: '12 knee exams' }).waitFor();
  expect(await page.getByLabel('The filter as GraphQL').inputValue()).toBe(
    '{\n  variables: [{ name: "symptomaticOa", eq: 1 }]\n}',
  );
  expect(await page.getByLabel('Variables, Name').inputValue()).toBe('symptomaticOa');
  await page.getByRole('button', { name: 'missing : 6 knee exams' }).click();
  await counts.filter({ hasText: '6 knee exams' }).waitFor();
  expect(faults).toEqual([]);
});

test('a number is counted in bands between edges, each of which filters', async () => {
  const { page, faults } = await app.open('/cohorts?by=koosPain', { role: 'READER' });
  await page.getByRole('button', { name: '40 : 4 knee exams' }).waitFor();
  await page.getByLabel('Edges of bands').fill('50, 40');
  await page.getByText('Edges are numbers, each greater than the one before.').waitFor();
  await page.getByLabel('Edges of bands').fill('50, 65');
  await page.getByRole('button', { name: '50 to below 65 : 12 knee exams' }).click();
  await page.locator('h1 + p', { hasText: '12 knee exams' }).waitFor();
  expect(new URL(page.url()).searchParams.get('edges')).toBe('50, 65');
  expect(await page.getByLabel('The filter as GraphQL').inputValue()).toBe(
    '{\n  variables: [{\n    name: "koosPain"\n    gte: 50\n    lt: 65\n  }]\n}',
  );
  expect(faults).toEqual([]);
});

test('a condition on a variable is made by its name, and a second one beside it', async () => {
  const { page } = await app.open('/cohorts', { role: 'READER' });
  await page.getByRole('button', { name: 'Add condition' }).click();
  await page.getByLabel('Search for a field').fill('conditions on variables');
  // A participant has such a field too.
  await page.getByRole('button', { name: /^Variables Conditions/ }).click();
  await page.getByLabel('Variables, Name').fill('koosPain');
  await page.locator('small', { hasText: 'KOOS pain, 0 (worst) to 100' }).waitFor();
  await page.getByLabel('Variables: value').fill('60');
  const counts = page.locator('h1 + p');
  await counts.filter({ hasText: '16 knee exams' }).waitFor();
  await page.getByRole('button', { name: '+ variables …' }).click();
  await page.getByLabel('Variables 2, Name').fill('V00koosPain');
  await page.getByLabel('Variables 2: value').fill('70');
  await counts.filter({ hasText: '8 knee exams' }).waitFor();
});

test('a variable is redefined in bands, shows its history, and cannot be deleted while a cohort needs it', async () => {
  const token = app.tokens.READER;
  await makeCohort(app.url, token, { name: 'Symptomatic', filter: { variables: [{ name: 'symptomaticOa', eq: 1 }] } });
  const { page, faults } = await app.open('/cohorts/variables', { role: 'READER' });
  await page.getByRole('link', { name: 'symptomaticOa' }).click();
  await page.getByRole('button', { name: 'Change …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change symptomaticOa' });
  await dialog.getByLabel('What it says').selectOption('one of several bands');
  await dialog.getByLabel('Label of band 1').fill('symptomatic');
  await dialog.getByLabel('Label of band 2').fill('other');
  await dialog.getByLabel('Filter of band 2').fill('{ klx: 1 }');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();
  await dialog.getByRole('alert').getByText('KneeExamFilter has no field "klx"').waitFor();
  await dialog.getByLabel('Filter of band 2').fill('{}');
  await dialog.getByLabel('What changes and why').fill('In bands.');
  await dialog.getByRole('button', { name: 'Save as a new version' }).click();
  await page.getByText('all that are left').waitFor();
  await page.getByText(/: In bands\.$/).waitFor();
  expect(await page.getByText('Version 1').count()).toBe(1);

  await page.getByRole('button', { name: 'Delete …' }).click();
  const asked = page.getByRole('dialog', { name: 'Delete symptomaticOa?' });
  await asked.getByRole('button', { name: 'Delete', exact: true }).click();
  await asked.getByText('symptomaticOa is used by the cohort "Symptomatic"; delete that first.').waitFor();
  await app.platform.dataSource.query('DELETE FROM cohort');
  await asked.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('heading', { name: 'No variable is derived yet' }).waitFor();
  expect(faults).toEqual([]);
});
