import type { Locator, Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Role } from '../../src/domain/roles.js';
import { Radiograph } from '../../src/entities/index.js';
import { batchOf } from '../helpers/batches.js';
import { factories } from '../helpers/factories.js';
import { createExam } from '../helpers/platform.js';
import { makeCohort } from '../helpers/cohorts.js';
import { ask } from '../helpers/server.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;
const ids = { exam: '', generation: '', batch: '', cohort: '', other: '', evaluation: '' };

beforeAll(async () => {
  app = await startWebApp();
  await makeSomethingOfEverything();
});

afterAll(() => app.close());

/** A scored volume, a batch with an exam that has no film, two cohorts, an export and an evaluation. */
async function makeSomethingOfEverything(): Promise<void> {
  const { dataSource } = app.platform;
  const { exam } = await createExam(app.platform, { mri: true });
  const { exam: filmless } = await createExam(app.platform, { kl: 4 });
  await factories(dataSource).reading(exam, { grades: { XRKL: 2 } });
  await dataSource.getRepository(Radiograph).delete({ examId: filmless.id });
  ids.exam = encodeId('KneeExam', exam.id);
  const { id } = await batchOf(app.platform, [exam, filmless], { name: 'Two knees', sliceCount: 6, steps: 4 });
  ids.batch = encodeId('Batch', id);
  const { page } = await app.open(`/batches/${ids.batch}`);
  await page.locator('h1 + *').getByText('partial').waitFor();
  const [generation] = (await dataSource.query('SELECT id FROM generation')) as [{ id: string }];
  ids.generation = encodeId('Generation', generation.id);
  ids.cohort = await makeCohort(app.url, app.tokens.ADMIN, { name: 'Mild', filter: { kl: { eq: 2 } } });
  ids.other = await makeCohort(app.url, app.tokens.ADMIN, { name: 'Severe', filter: { kl: { gte: 3 } } });
  const bands = [
    { label: 'worn', where: { kl: { gte: 2 } } },
    { label: 'other', where: {} },
  ];
  const defined =
    'mutation ($input: CreateDerivedVariableInput!) { createDerivedVariable(input: $input) { derivedVariable { id } } }';
  await ask(app.url, defined, { input: { name: 'worn', label: 'Worn knee', bands } }, app.tokens.ADMIN);
  const exported = 'mutation { exportCohort(input: { format: CSV }) { export { id } } }';
  await ask(app.url, exported, {}, app.tokens.ADMIN);
  const { page: form } = await app.open('/evaluations/new?bundle=tiny-bundle@1.0.0&steps=1&slices=6');
  await form.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await form.getByText('succeeded', { exact: true }).waitFor();
  ids.evaluation = new URL(form.url()).pathname.split('/').at(-1)!;
}

interface Case {
  what: string;
  /** Default: ADMIN. */
  role?: Role | null;
  /** Address; `:exam` and the like stand for what was made. */
  path: string;
  /** A button that opens what is looked at. */
  press?: string;
  /** What is there once everything is. */
  shows: (page: Page) => Locator;
  /** What is looked at where it lies over something else; default: the page. */
  within?: string;
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { name, exact: true }).first();

const film = (page: Page) => page.locator('canvas[data-drawn=true]');

const volumes = (page: Page) => page.locator('[data-ready=true]');

const OPEN_MENU = '[aria-expanded=true] + div';

const menu = (page: Page) => page.locator(OPEN_MENU);

const field = (label: string) => (page: Page) => page.getByRole('dialog').getByLabel(label, { exact: true });

const GENERATION = '/generations/:generation';

const CASES: Case[] = [
  { what: 'signing in', role: null, path: '/batches', shows: (page) => page.getByLabel('Token') },
  { what: 'counts alone', role: 'SUMMARY', path: '/cohorts', shows: heading('Counts only') },
  { what: 'a refusal', role: 'READER', path: '/generate', shows: heading('Your token may not ask for generations') },
  { what: 'the cohort explorer', path: '/cohorts', shows: heading('KL transitions') },
  { what: 'a filter', path: '/cohorts?where={"kl":{"in":[2,3]},"age":{"gte":50}}', shows: heading('KL transitions') },
  { what: 'adding a condition', path: '/cohorts', press: 'Add condition', shows: menu, within: OPEN_MENU },
  { what: 'choosing columns', path: '/cohorts', press: 'Columns', shows: menu, within: OPEN_MENU },
  { what: 'copying a table', path: '/cohorts', press: 'Copy the table', shows: menu, within: OPEN_MENU },
  { what: 'saving a cohort', path: '/cohorts', press: 'Save cohort …', shows: field('Name') },
  {
    what: 'counting by a variable',
    path: '/cohorts?by=koosPain&edges=50',
    shows: (page) => page.locator('small', { hasText: 'KOOS pain, 0' }),
  },
  {
    what: 'defining a variable',
    path: '/cohorts?where={"kl":{"gte":2}}',
    press: 'Define a variable …',
    shows: field('Yes where'),
  },
  { what: 'the derived variables', path: '/cohorts/variables', shows: heading('Derived variables') },
  { what: 'a derived variable', path: '/cohorts/variables/worn', shows: heading('Versions') },
  { what: 'changing a variable', path: '/cohorts/variables/worn', press: 'Change …', shows: field('Label of band 1') },
  { what: 'exporting knees', path: '/cohorts', press: 'Export …', shows: field('Format') },
  { what: 'the saved cohorts', path: '/cohorts/saved', shows: heading('Saved cohorts') },
  { what: 'a saved cohort', path: '/cohorts/saved/:cohort', shows: heading('Versions') },
  { what: 'starting a batch', path: '/cohorts/saved/:cohort', press: 'Start a batch …', shows: field('Seed rule') },
  { what: 'changing a cohort', path: '/cohorts/saved/:cohort', press: 'Change …', shows: field('Description') },
  { what: 'deleting a cohort', path: '/cohorts/saved/:cohort', press: 'Delete …', shows: heading('Delete "Mild"?') },
  { what: 'a comparison', path: '/cohorts/compare?a=:cohort&b=:other', shows: heading('Mild and Severe') },
  { what: 'the exports', path: '/cohorts/exports', shows: (page) => page.getByRole('link', { name: /^Download/ }) },
  { what: 'an exam', path: '/exams/:exam', shows: film },
  { what: 'choosing a knee', path: '/generate', shows: heading('Generate an MRI volume') },
  { what: 'the wish for a volume', path: '/generate?exam=:exam', shows: film },
  { what: 'the generations', path: '/generations', shows: heading('Generations') },
  { what: 'a generation', path: GENERATION, shows: volumes },
  { what: 'volumes over each other', path: `${GENERATION}?mode=overlay`, shows: volumes },
  { what: 'what differs', path: `${GENERATION}?mode=difference`, shows: volumes },
  { what: 'an enlarged slice', path: GENERATION, press: 'Slice 3 synthetic', shows: heading('Slice 3 of 6') },
  { what: 'the batches', path: '/batches', shows: heading('Over') },
  { what: 'a batch', path: '/batches/:batch', shows: (page) => page.getByRole('row', { name: /not possible/ }) },
  { what: 'taking a batch home', path: '/batches/:batch', press: 'Download …', shows: field('Format') },
  { what: 'the models', path: '/models', shows: heading('Models') },
  { what: 'a model', path: '/models/tiny-bundle@1.0.0', shows: heading('tiny-bundle@1.0.0') },
  { what: 'the evaluations', path: '/evaluations', shows: heading('Evaluations') },
  { what: 'the wish for an evaluation', path: '/evaluations/new', shows: (page) => page.getByLabel('Slice counts') },
  {
    what: 'a report',
    path: '/evaluations/:evaluation',
    shows: (page) => page.getByRole('table', { name: 'Scores', exact: true }),
  },
  { what: 'the reader studies', path: '/reader-studies', shows: (page) => page.getByRole('heading').first() },
  {
    what: 'the wish for a study',
    path: '/reader-studies/new',
    shows: (page) => page.getByRole('heading', { level: 1 }),
  },
  { what: 'the workers', path: '/workers', shows: (page) => page.getByText('ready', { exact: true }) },
  { what: 'the account', path: '/workers', press: 'first start', shows: menu, within: OPEN_MENU },
  { what: 'an address of nothing', path: '/nowhere', shows: heading('There is no such page') },
];

/** Colours do not depend on the width, nor the layout on the colours: two looks show each of the four. */
const LOOKS = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 390 },
] as const;

test.each(CASES)(
  '$what: WCAG 2.2 AA in light on a screen and in dark on a phone, with nothing sticking out or asked elsewhere',
  async ({ role = 'ADMIN', path, press, shows, within }) => {
    const { page, faults } = await app.open(
      path.replace(/(?<=[/=]):(\w+)/g, (_, name) => ids[name as keyof typeof ids]),
      { role },
    );
    if (press) await page.getByRole('button', { name: press, exact: true }).click();
    await shows(page).waitFor();
    for (const { colorScheme, width } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const found = await accessibilityFaults(page, within);
      expect({ colorScheme, width, found }).toEqual({ colorScheme, width, found: [] });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(faults).toEqual([]);
  },
);

test('the viewer is leafed through by keyboard', async () => {
  const { page } = await app.open(`/generations/${ids.generation}`);
  await page.locator('[data-ready=true]').waitFor();
  const place = async () => Number(await page.getByLabel('Slice, posterior to anterior').inputValue());
  await page
    .getByRole('img', { name: /^side by side/ })
    .first()
    .focus();
  await page.keyboard.press('Home');
  expect(await place()).toBe(0);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  expect(await place()).toBeCloseTo(2 / 5);
  await page.keyboard.press('ArrowLeft');
  expect(await place()).toBeCloseTo(1 / 5);
  await page.keyboard.press('End');
  expect(await place()).toBe(1);
});

test('a dialog takes the focus, keeps it, and gives it back', async () => {
  const { page } = await app.open(`/cohorts/saved/${ids.cohort}`);
  const opener = page.getByRole('button', { name: 'Start a batch …' });
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Start a batch' });
  await dialog.getByLabel('Seed rule').waitFor();
  const inside = () =>
    page.evaluate(
      `document.querySelector('dialog').contains(document.activeElement) || document.activeElement === document.body`,
    );
  for (let press = 0; press < 14; press++) {
    expect(await inside()).toBe(true);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.locator('button:focus').textContent()).toBe('Start a batch …');
});

test('a menu opens by keyboard, closes by Escape, and closes when the focus leaves it', async () => {
  const { page } = await app.open('/workers');
  const button = page.getByRole('banner').getByRole('button').first();
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByText('Signed in as').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Signed in as').waitFor({ state: 'detached' });
  expect(await page.locator('button:focus').textContent()).toBe('first start');

  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'GraphiQL' }).waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.getByText('Signed in as').waitFor({ state: 'detached' });
});
