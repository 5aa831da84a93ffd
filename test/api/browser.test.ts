import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { encodeId } from '../../src/domain/global-ids.js';
import { enter, GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { startBrowser } from '../helpers/browser.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let browser: Browser;
let generationId: string;

beforeAll(async () => {
  api = await startTestServer();
  generationId = await makeRows(api);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await api.close();
});

/** A page that fails the test when anything is asked of another host, or a script fails. */
async function openPage(): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  // This Chromium runs in a single process, where contexts share their storage.
  await page.goto(`${api.url}/health/live`);
  await page.evaluate('localStorage.clear()');
  const faults: string[] = [];
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && host !== new URL(api.url).host)
      faults.push(`asked ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, faults };
}

async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['OSTEOGRAPH_SCREENSHOTS'];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('GraphiQL runs a query and a subscription, with nothing from any other host', async () => {
  const { page, faults } = await openPage();

  await page.goto(`${api.url}/graphiql?token=${api.tokens.READER}`);
  await page.locator('.graphiql-execute-button').waitFor();
  await page.locator('.graphiql-query-editor', { hasText: 'kneeExams' }).waitFor();
  await page.locator('.graphiql-execute-button').click();
  await page.locator('.result-window', { hasText: 'totalCount' }).waitFor();
  await screenshot(page, 'graphiql-query');

  await page.locator('button[aria-label="Show Documentation Explorer"]').click();
  await page.locator('.graphiql-doc-explorer', { hasText: 'Subscription' }).waitFor();
  await screenshot(page, 'graphiql-docs');

  await page.locator('.graphiql-query-editor .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(`subscription { generationProgress(id: "${generationId}") { __typename seq } }`);
  await page.locator('.graphiql-tab-active', { hasText: 'untitled' }).waitFor();
  await page.locator('.graphiql-execute-button').click();
  await page.locator('.result-window', { hasText: 'GenerationStateChanged' }).waitFor();
  await screenshot(page, 'graphiql-subscription');

  expect(page.url()).toBe(`${api.url}/graphiql`);
  expect(faults).toEqual([]);
});

async function makeRows({ make, dataSource }: TestServer): Promise<string> {
  for (let index = 0; index < 6; index++) {
    const visit = await make.visit(await make.participant());
    await make.radiograph(visit, { assetId: (await make.asset()).id });
    for (const side of ['RIGHT', 'LEFT'] as const) await make.exam(visit, { side, grades: { XRKL: 2 } });
  }
  const exam = (await dataSource.query('SELECT id FROM knee_exam LIMIT 1')) as { id: number }[];
  const film = (await dataSource.query('SELECT id FROM radiograph LIMIT 1')) as { id: number }[];
  const bundle = await make.bundle();
  const id = randomUUID();
  const wish = { sliceCount: 2, steps: 4, sampler: 'DDIM', eta: 0, seed: 0, noise: 'SHARED' } as const;
  const target = { id, examId: exam[0]!.id, radiographId: film[0]!.id, bundleId: bundle.id };
  const queued = await dataSource.transaction((manager) =>
    enter(manager, { ...target, ...wish, features: {}, featureOverrides: {}, clientKey: null, requestedById: null }),
  );
  await advance(dataSource.manager, GENERATION, queued, { to: 'RUNNING' });
  return encodeId('Generation', id);
}
