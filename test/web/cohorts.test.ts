import { readFile } from 'node:fs/promises';
import { encodeId } from '../../src/domain/global-ids.js';
import { ApiToken, Export } from '../../src/entities/index.js';
import { createExam } from '../helpers/platform.js';
import { factories } from '../helpers/factories.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
let imaged: string;

beforeAll(async () => {
  app = await startWebApp();
  await makeRows();
});

afterAll(() => app.close());

/** 1,250 people at two visits with both knees: 5,000 exams; and one knee with film and MRI. */
async function makeRows(): Promise<void> {
  const { dataSource } = app.platform;
  await dataSource.query(`
    INSERT INTO participant (oai_id, sex, phantom) SELECT (1100000 + n)::text, CASE n % 2 WHEN 0 THEN 'FEMALE' ELSE 'MALE' END, true
    FROM generate_series(1, 1250) n`);
  await dataSource.query(`
    INSERT INTO visit (participant_id, code, month, age) SELECT id, code, month, 45 + id % 35 + month / 12 FROM participant,
    (VALUES ('V00', 0), ('V06', 48)) visits(code, month)`);
  await dataSource.query(`
    INSERT INTO knee_exam (visit_id, participant_id, visit_code, side, xrkl)
    SELECT id, participant_id, code, side, least(4, participant_id % 5 + CASE code WHEN 'V06' THEN participant_id % 2 ELSE 0 END)
    FROM visit, (VALUES ('RIGHT'), ('LEFT')) sides(side)`);
  const { exam } = await createExam(app.platform, { mri: true });
  await factories(dataSource).reading(exam, { grades: { XRKL: 2 } });
  await dataSource.query('UPDATE visit SET koos_quality_of_life = 62.5, pase = 187 WHERE id = $1', [exam.visitId]);
  await dataSource.query('UPDATE knee_exam SET injury_ever = true, surgery_ever = false WHERE id = $1', [exam.id]);
  imaged = encodeId('KneeExam', exam.id);
}

test('counts, charts and rows follow the filter, however it is given', async () => {
  const { page, faults } = await app.open('/cohorts');
  const counts = page.locator('h1 + p');
  await counts.filter({ hasText: '5,001 knee exams of 1,251 participants' }).waitFor();

  await page.getByRole('button', { name: /^KL 4/ }).first().click();
  await counts.filter({ hasText: '1,250 knee exams of 375 participants' }).waitFor();
  expect(new URL(page.url()).searchParams.get('where')).toBe('{"kl":{"eq":4}}');

  await page.getByRole('button', { name: 'Add condition' }).click();
  await page.getByLabel('Search for a field').fill('years');
  await page.keyboard.press('Enter');
  await page.getByLabel('Age: value').fill('80');
  await counts.filter({ hasNotText: '1,250 knee exams' }).waitFor();
  expect(await page.getByLabel('The filter as GraphQL').inputValue()).toBe('{ kl: { eq: 4 }, age: { gte: 80 } }');

  await page.getByLabel('The filter as GraphQL').fill('{ visit: { eq: V06 }, otherKnee: { kl: { gte: 3 } } }');
  await page.getByRole('button', { name: 'Apply' }).click();
  await counts.filter({ hasText: '1,250 knee exams' }).waitFor();
  expect(await page.getByRole('group', { name: 'Other knee' }).count()).toBe(1);
  await page.getByRole('table', { name: 'Knee exams' }).getByText('V06').first().waitFor();

  await page.getByLabel('The filter as GraphQL').fill('{ kll: 2 }');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('KneeExamFilter has no field "kll"').waitFor();
  expect(faults).toEqual([]);
});

test('back undoes the last change of the filter, and forward makes it again', async () => {
  const { page } = await app.open('/workers');
  await page.getByRole('link', { name: 'Cohorts' }).click();
  const counts = page.locator('h1 + p');
  await counts.filter({ hasText: '5,001 knee exams' }).waitFor();
  await page.getByRole('button', { name: /^KL 4/ }).first().click();
  await page.waitForURL(/where=/);
  await counts.filter({ hasText: '1,250 knee exams' }).waitFor();
  await page
    .getByRole('button', { name: /^right/ })
    .first()
    .click();
  await page.waitForURL(/side/);
  await counts.filter({ hasText: '625 knee exams' }).waitFor();

  await page.goBack();
  await counts.filter({ hasText: '1,250 knee exams' }).waitFor();
  expect(new URL(page.url()).searchParams.get('where')).toBe('{"kl":{"eq":4}}');
  await page.goBack();
  await counts.filter({ hasText: '5,001 knee exams' }).waitFor();
  expect(new URL(page.url()).searchParams.get('where')).toBe(null);
  await page.goForward();
  await counts.filter({ hasText: '1,250 knee exams' }).waitFor();
});

test.each(['%7Bbad', '%7B%22kl%22%3A%7B%22eq', '4', '%5B%5D'])(
  'a link whose filter is cut off (%s) asks for nothing and says so',
  async (where) => {
    const { page, faults } = await app.open(`/cohorts?where=${where}`);
    await page.getByRole('heading', { name: 'The filter of this link cannot be read' }).waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
    await page.getByRole('link', { name: 'Start without a filter' }).click();
    await page.locator('h1 + p', { hasText: '5,001 knee exams' }).waitFor();
    expect(faults).toEqual([]);
  },
);

test('a number of the transition matrix selects the knees behind it', async () => {
  const { page } = await app.open('/cohorts');
  await page.getByRole('button', { name: 'KL 1 to KL 2: 250' }).click();
  await page.locator('h1 + p', { hasText: '500 knee exams of 125 participants' }).waitFor();
});

test('5,000 rows are scrolled through by cursor, with few of them drawn, sorted and with chosen columns', async () => {
  const { page } = await app.open('/cohorts?sort=KL:DESC&columns=kl,visit,XROSFM');
  const table = page.getByRole('table', { name: 'Knee exams' });
  await table.getByRole('row').nth(5).waitFor();
  expect(await table.getByRole('columnheader', { name: 'KL' }).getAttribute('aria-sort')).toBe('descending');
  expect(await table.getByRole('columnheader').allTextContents()).toEqual(['Participant', 'Visit', 'KL▼', 'XROSFM']);

  const note = page.getByText(/^[\d,]+ rows loaded of/);
  for (let text = await note.innerText(); !text.startsWith('5,001'); text = await note.innerText()) {
    await page.evaluate(
      `(() => { const box = document.querySelector('[aria-label="Knee exams, scrollable"]'); box.scrollTop = box.scrollHeight; })()`,
    );
    await note.filter({ hasNotText: text }).waitFor();
  }
  expect(await table.getByRole('row').count()).toBeLessThan(80);
});

test('a cohort is saved, compared with another, shared and taken along', async () => {
  const save = async (where: object, name: string) => {
    const { page, faults } = await app.open(`/cohorts?where=${encodeURIComponent(JSON.stringify(where))}`);
    await page.getByRole('button', { name: 'Save cohort' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name }).waitFor();
    return { page, faults };
  };
  await save({ kl: { gte: 3 } }, 'Bad knees');
  const { page, faults } = await save({ visit: { eq: 'V00' } }, 'At baseline');
  expect(await page.getByText('2,501 knee exams of 1,251 participants').isVisible()).toBe(true);
  await page.getByLabel('Who may read it').selectOption('LINK');
  await page.getByText('Nobody else can open the link').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Export …' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ]);
  const csv = await readFile(await download.path(), 'utf8');
  expect(csv.trim().split('\n')).toHaveLength(2502);

  await page.getByRole('link', { name: 'Saved cohorts' }).click();
  await page.getByLabel('Compare Bad knees').check();
  await page.getByLabel('Compare At baseline').check();
  await page.getByRole('button', { name: 'Compare the two' }).click();
  await page.getByRole('row', { name: 'Exams in both 1,000 1,000' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('an export in the background ends with a file to download', async () => {
  const { page } = await app.open(`/cohorts?where=${encodeURIComponent(JSON.stringify({ kl: { eq: 4 } }))}`);
  await page.getByRole('button', { name: 'Export …' }).click();
  await page.getByLabel('Format').selectOption('PARQUET');
  await page.getByRole('button', { name: 'Write in the background' }).click();
  await page.getByRole('link', { name: /^Download/ }).waitFor();
  expect(page.url()).toBe(`${app.url}/cohorts/exports`);
});

test('an export that waits for something says for what', async () => {
  const [token] = await app.platform.dataSource.getRepository(ApiToken).find({ order: { id: 'ASC' }, take: 1 });
  await app.platform.dataSource.getRepository(Export).insert({
    ...{ format: 'CSV', columns: ['oai_id'], cohorts: [], state: 'QUEUED', requestedById: token!.id },
    notBefore: new Date(Date.now() + 3_600_000),
    waitingReason: 'The blob store cannot be used at the moment: The blob store does not answer.',
  });

  const { page, faults } = await app.open('/cohorts/exports');

  const row = page.getByRole('row', { name: /CSV/ });
  await row.getByText('The blob store cannot be used at the moment: The blob store does not answer.').waitFor();
  expect(await row.getByText('queued', { exact: true }).count()).toBe(1);
  await row.getByRole('button', { name: 'Cancel' }).click();
  await row.getByText('canceled', { exact: true }).waitFor();
  expect(await row.getByText('The blob store').count()).toBe(0);
  expect(faults).toEqual([]);
});

test('an exam shows both knees over time, grades in words and codes, its film and its series', async () => {
  const { page, faults } = await app.open(`/exams/${imaged}`);
  await page.getByRole('heading', { name: 'Right knee at baseline' }).waitFor();
  const row = page.getByRole('row', { name: /XRKL/ });
  expect(await row.textContent()).toContain('mild: definite osteophytes');
  await page.locator('canvas[data-drawn=true]').waitFor();
  await page.getByText('COR_T1_3D_FLASH_RIGHT').scrollIntoViewIfNeeded();
  await page.getByLabel(/^COR_T1_3D_FLASH_RIGHT, slice 41 of 80/).waitFor();
  expect(await page.getByText('phantom: synthetic data').isVisible()).toBe(true);
  const answer = (label: string) => page.locator('dt', { hasText: label }).locator('+ dd').innerText();
  expect(await answer('KOOS quality of life')).toBe('62.5 0 to 100');
  expect(await answer('PASE')).toBe('187 0 to 1177');
  expect(await answer('CES-D')).toBe('– 0 to 60');
  expect([await answer('Injury ever'), await answer('Surgery ever')]).toEqual(['yes', 'no']);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 390 },
] as const)(
  'the cohort page is accessible in $scheme at $width pixels, and not wider than the screen',
  async (options) => {
    const { page } = await app.open('/cohorts?where={"kl":{"in":[2,3]},"age":{"gte":50}}', options);
    await page.getByRole('table', { name: 'Knee exams' }).getByRole('row').nth(3).waitFor();
    if (options.width < 500) await page.getByRole('button', { name: 'Filter (2)' }).click();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.width);
  },
);

test('a relation without a condition asks whether there is any row, and a batch of all knees says how many', async () => {
  const { page, faults } = await app.open(`/cohorts?where=${encodeURIComponent('{"mriSeries":{"exists":true}}')}`, {
    role: 'OPERATOR',
  });
  const counts = page.locator('h1 + p');
  await counts.filter({ hasText: '1 knee exams of 1 participants' }).waitFor();
  expect(await page.getByLabel('The filter as GraphQL').inputValue()).toBe('{ mriSeries: { exists: true } }');
  await page.getByLabel('MRI series: how many must fit').selectOption('none');
  await counts.filter({ hasText: '5,000 knee exams' }).waitFor();
  expect(await page.getByLabel('The filter as GraphQL').inputValue()).toBe('{ mriSeries: { exists: false } }');

  await page.goto(new URL('/cohorts', page.url()).href);
  await counts.filter({ hasText: '5,001 knee exams' }).waitFor();
  await page.getByRole('button', { name: 'Start a batch …' }).click();
  await page.getByText('each of 5,001 knee exams. 5,000 of them have no radiograph here').waitFor();
  expect(faults).toEqual([]);
});
