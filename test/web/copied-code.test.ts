import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { Participant } from '../../src/entities/index.js';
import { batchOf } from '../helpers/batches.js';
import { type ClientProject, createClientProject } from '../helpers/client-project.js';
import { createExam } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { CLIENT_FOLDER, CLIENT_MODULES, hasProgram, hasRPackages, pythonWith } from '../helpers/python.js';
import { makeCohort } from '../helpers/cohorts.js';
import { ask } from '../helpers/server.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

const LANGUAGES = ['GraphQL', 'Python', 'R', 'TypeScript', 'curl'] as const;
type Language = (typeof LANGUAGES)[number];

const python = pythonWith(CLIENT_MODULES);
const testWithPython = python ? test : test.skip;
const testWithCurl = hasProgram('curl') ? test : test.skip;
const testWithR = hasRPackages(['httr2', 'jsonlite']) ? test : test.skip;

/** Characters that end a string, or begin something, in one of the languages. */
const HOSTILE = `9'"\\ $(id) \`id\` \${x} """ )"`;

interface Place {
  what: string;
  path: string;
  button: string;
  /** In what every program prints. */
  prints: string | RegExp;
  /** In what Python prints, where the client has a verb of its own. */
  python?: RegExp;
}

let app: WebApp;
let client: ClientProject;
let folder: string;
let places: Place[];
/** What was copied, by place and language. */
const copied = new Map<string, Record<Language, string>>();

beforeAll(async () => {
  app = await startWebApp();
  client = await createClientProject();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-copied-'));
  const { exam } = await createExam(app.platform, { mri: true, kl: 2 });
  const participant = await app.platform.dataSource
    .getRepository(Participant)
    .findOneByOrFail({ id: exam.participantId });
  const { id: batch } = await batchOf(app.platform, [exam], { name: 'One knee', sliceCount: 6, steps: 1 });
  const { page: form } = await app.open('/evaluations/new?bundle=tiny-bundle@1.0.0&steps=1&slices=6');
  await form.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await form.waitForURL((url) => /^\/evaluations\/(?!new)/.test(url.pathname));
  const [generation] = (await app.platform.dataSource.query('SELECT id FROM generation')) as [{ id: string }];
  const cohort = await makeCohort(app.url, app.tokens.READER, { name: 'Mild', filter: { kl: { eq: 2 } } });
  const where = { kl: { in: [2] }, visit: { eq: 'V00' }, participant: { oaiId: { ne: HOSTILE } } };
  const explorer = `/cohorts?where=${encodeURIComponent(JSON.stringify(where))}`;
  const node = (what: string, path: string, id: string): Place => ({
    what,
    path: `${path}/${id}`,
    button: 'Copy code',
    prints: id,
  });
  places = [
    { what: 'counts', path: explorer, button: 'Copy the counts', prints: /totalCount['": ]*(int )?1\b/ },
    {
      what: 'table',
      path: explorer,
      button: 'Copy the table',
      prints: participant.oaiId,
      python: /^1 knee exams$/m,
    },
    { what: 'transitions', path: explorer, button: 'Copy the transitions', prints: /gradeTransitions/ },
    node('exam', '/exams', encodeId('KneeExam', exam.id)),
    { ...node('cohort', '/cohorts/saved', cohort), python: /^1 knee exams$/m },
    node('generation', '/generations', encodeId('Generation', generation.id)),
    node('batch', '/batches', encodeId('Batch', batch)),
    node('evaluation', '/evaluations', new URL(form.url()).pathname.split('/').at(-1)!),
    { what: 'runs', path: '/generations?task=XRAY_TO_MRI', button: 'Copy code', prints: /XRAY_TO_MRI/ },
    { what: 'model', path: '/models/tiny-bundle@1.0.0', button: 'Copy code', prints: /tiny-bundle/ },
  ];
  for (const place of places) copied.set(place.what, await copyAll(place));
});

afterAll(async () => {
  await app.close();
  await client.remove();
  await rm(folder, { recursive: true, force: true });
});

/** What each entry of the menu puts into the clipboard. */
async function copyAll({ path, button }: Place): Promise<Record<Language, string>> {
  const { page, faults } = await app.open(path, { role: 'READER' });
  // Headless Chromium has no clipboard.
  await page.evaluate(
    `Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => void (window.copied = text) } })`,
  );
  await page.getByRole('button', { name: button }).click();
  const texts: Partial<Record<Language, string>> = {};
  for (const language of LANGUAGES) {
    await page.getByRole('button', { name: `Copy as ${language}`, exact: true }).click();
    await page.getByText(`Copied as ${language}.`).waitFor();
    texts[language] = await page.evaluate<string>('window.copied');
  }
  expect(faults).toEqual([]);
  await page.close();
  return texts as Record<Language, string>;
}

/** Runs what was copied at every place as a program of this name, and compares what it prints. */
async function runEach(language: Language, file: (what: string) => string, program: string, args: string[] = []) {
  for (const place of places) {
    const path = file(place.what);
    await writeFile(path, copied.get(place.what)![language]);
    const env = { OSTEOGRAPH_TOKEN: app.tokens.READER, PYTHONPATH: CLIENT_FOLDER };
    const printed = await runProgram(program, [...args, path], env);
    expect(printed).not.toMatch(/"errors":/);
    expect(printed).toMatch((language === 'Python' && place.python) || place.prints);
  }
}

test('what is copied has the address of the server and no token', () => {
  for (const texts of copied.values()) {
    for (const language of LANGUAGES) {
      expect(texts[language]).not.toContain('osteo_');
      expect(texts[language].includes(app.url)).toBe(language !== 'GraphQL');
      expect(/OSTEOGRAPH_TOKEN/.test(texts[language])).toBe(language !== 'GraphQL');
    }
  }
});

test('what is copied as GraphQL is a query that needs no variables', async () => {
  for (const { what, prints } of places) {
    const { data, errors } = await ask(app.url, copied.get(what)!.GraphQL, {}, app.tokens.READER);
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).toMatch(prints);
  }
});

testWithCurl('what is copied as curl runs in a shell', async () => {
  await runEach('curl', (what) => join(folder, `${what}.sh`), 'sh');
});

test('what is copied as TypeScript fits the schema’s types and runs', async () => {
  await runEach('TypeScript', (what) => join(client.folder, `${what}.ts`), process.execPath);
  expect(await client.check(...places.map(({ what }) => `${what}.ts`))).toBe('');
});

testWithPython('what is copied as Python runs with the Python client', async () => {
  await runEach('Python', (what) => join(folder, `${what}.py`), python!);
});

testWithR('what is copied as R runs with httr2', async () => {
  await runEach('R', (what) => join(folder, `${what}.R`), 'Rscript');
});

/** The menu of a page, opened by the keyboard. */
async function openMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Copy code' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copy as GraphQL' }).waitFor();
}

test.each([
  { width: 390, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
] as const)('the menu lies within a window of $width px, $scheme, and breaks no rule of WCAG', async (options) => {
  const { page, faults } = await app.open(`/models/tiny-bundle@1.0.0`, { role: 'READER', ...options });
  await openMenu(page);
  const box = (await page.locator('[aria-expanded=true] + div').boundingBox())!;

  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(options.width);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Copy as GraphQL' }).waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Copy code');
  expect(faults).toEqual([]);
});

test('where a page may not copy, the code is shown to be copied by hand', async () => {
  const { page } = await app.open('/models', { role: 'READER' });
  await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`);
  await openMenu(page);
  await page.getByRole('button', { name: 'Copy as curl' }).click();

  await page.getByText('The browser did not let this page copy.').waitFor();
  expect(await page.getByRole('textbox', { name: 'Code' }).inputValue()).toMatch(/^curl -sS /m);
  expect(await accessibilityFaults(page)).toEqual([]);
});
