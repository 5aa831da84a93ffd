import { encodeId } from '../../src/domain/global-ids.js';
import { createExam } from '../helpers/platform.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let exam: string;

beforeAll(async () => {
  app = await startWebApp();
  exam = encodeId('KneeExam', (await createExam(app.platform)).exam.id);
});

afterAll(() => app.close());

test('one film at one seed is drawn with the findings of KL 0 to 4, and the address shows them again', async () => {
  const { page, faults } = await app.open(`/generate?exam=${exam}&slices=3&steps=2&seed=7`);
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.waitForURL('**/generations/*');
  await page.getByText('succeeded', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'KL 0 to 4 …' }).click();
  await page.getByText('Nothing is drawn yet').waitFor();
  await page.getByLabel('Ill compartment').selectOption('lateral');
  await page.getByRole('button', { name: 'Draw the five grades' }).click();

  const slices = page.getByRole('img', { name: /^Slice 6 with the grades of KL [0-4]$/ });
  await slices.nth(4).waitFor();
  await page.waitForURL('**/severity?runs=*');
  const address = page.url();
  expect(await page.getByRole('img', { name: /^Where KL [1-4] differs from the first/ }).count()).toBe(4);
  expect(await page.getByText('severe: marked narrowing, bone deformed').isVisible()).toBe(true);
  await page.getByLabel('Slice, posterior to anterior').fill('0');
  await page.getByRole('img', { name: 'Slice 1 with the grades of KL 4' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  // Asked again, nothing is made anew.
  await page.getByLabel('Ill compartment').selectOption('lateral');
  await page.getByRole('button', { name: 'Draw the five grades' }).click();
  await page.getByRole('button', { name: 'Draw the five grades' }).waitFor();
  expect(page.url()).toBe(address);
  const [row] = await app.platform.dataSource.query<{ made: number; highest: number; lateral: number }[]>(
    `SELECT count(*)::int AS made, max((feature_overrides->>'XRKL')::int) AS highest,
       max((feature_overrides->>'XRJSL')::int) AS lateral FROM generation WHERE feature_overrides <> '{}'`,
  );
  expect(row).toEqual({ made: 5, highest: 4, lateral: 3 });

  await page.reload();
  await slices.nth(4).waitFor();
  // What was drawn is told by the runs, whatever is chosen for the next ones.
  await page.getByText('Ill compartment: lateral').waitFor();
  await page.getByRole('link', { name: 'The run' }).last().click();
  await page.getByText('what if: Kellgren-Lawrence grade 4 severe: marked narrowing, bone deformed').waitFor();

  // A run that is gone is drawn anew in its place.
  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL('**/generations');
  await page.goto(address);
  await page.getByText('This run was deleted.').waitFor();
  await page.getByRole('button', { name: 'Draw again' }).click();
  await page.getByRole('img', { name: 'Where KL 4 differs from the first' }).waitFor();
  expect(page.url().split('%2C').slice(0, 4)).toEqual(address.split('%2C').slice(0, 4));
  expect(await page.getByText('This run was deleted.').count()).toBe(0);
  expect(faults).toEqual([]);
});
