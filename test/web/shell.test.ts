import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
});

afterAll(() => app.close());

test('the address of the first start signs in, and loses its token', async () => {
  const { page, faults } = await app.open(`/?token=${app.tokens.ADMIN}`, { role: null });

  await page.getByRole('heading', { name: 'Cohorts' }).waitFor();

  expect(app.firstUrl).toContain(app.tokens.ADMIN);
  expect(page.url()).toBe(`${app.url}/cohorts`);
  expect(await page.evaluate(`localStorage.getItem('osteograph:token')`)).toBe(app.tokens.ADMIN);
  expect(faults).toEqual([]);
});

test('a deep link without a token asks for one, says why a wrong one is refused, and then opens', async () => {
  const { page } = await app.open('/generations', { role: null });
  await page.getByRole('heading', { name: 'Osteograph' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByLabel('Token').fill('osteo_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toMatch(/token/i);

  await page.getByLabel('Token').fill(app.tokens.READER);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Nothing was generated yet' }).waitFor();
  expect(page.url()).toBe(`${app.url}/generations`);
});

test('a reader is not offered to generate, and is told why where a link leads there', async () => {
  const { page, faults } = await app.open('/generate', { role: 'READER' });

  await page.getByRole('heading', { name: 'Your token may not ask for generations' }).waitFor();

  expect(await page.getByText('this page needs OPERATOR').isVisible()).toBe(true);
  expect(await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents()).not.toContain(
    'Generate',
  );
  expect(faults).toEqual([]);
});

test('a summary token sees counts and no records', async () => {
  const { page, faults } = await app.open('/cohorts', { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Counts only' }).waitFor();
  expect(await page.getByRole('button', { name: 'Save cohort' }).count()).toBe(0);

  await page.goto(`${app.url}/cohorts/saved`);
  await page.getByRole('heading', { name: 'Your token may not read records' }).waitFor();
  expect(faults).toEqual([]);
});

test('the menu switches to dark and stays so, and signs out', async () => {
  const { page } = await app.open('/cohorts');
  const account = page.getByRole('banner').getByRole('button').first();
  await account.click();
  await page.getByText('dark', { exact: true }).click();
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  expect(await ground()).toBe('rgb(13, 20, 26)');

  await page.reload();
  await page.getByRole('heading', { name: 'Cohorts' }).waitFor();
  expect(await ground()).toBe('rgb(13, 20, 26)');

  await account.click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  expect(await page.evaluate(`localStorage.getItem('osteograph:token')`)).toBeNull();
});

test('the first load stays under 300 kB as it is sent', async () => {
  const { page } = await app.open('/health/live');
  let bytes = 0;
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/app/'))
      bytes += Number(response.headers()['content-length'] ?? 0);
  });

  await page.goto(`${app.url}/cohorts`);
  await page.getByRole('heading', { name: 'Knee exams' }).waitFor();

  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(300_000);
});

test('files with a hash may be kept for ever, the page is asked for anew, and nothing else may run in it', async () => {
  const page = await fetch(`${app.url}/cohorts`, { headers: { accept: 'text/html' } });
  const html = await page.text();
  const script = /src="(\/app\/[^"]+\.js)"/.exec(html)![1]!;
  const file = await fetch(app.url + script, { headers: { 'accept-encoding': 'gzip' } });

  const policy = page.headers.get('content-security-policy');
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe|\*/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(file.headers.get('content-encoding')).toBe('gzip');
  expect(file.headers.get('x-content-type-options')).toBe('nosniff');
});

test('a program that mistypes an address gets JSON, and a file that is gone gets no page', async () => {
  const mistyped = await fetch(`${app.url}/grahpql`);
  const gone = await fetch(`${app.url}/app/gone-12345678.js`, { headers: { accept: 'text/html' } });

  expect(mistyped.status).toBe(404);
  expect(mistyped.headers.get('content-type')).toContain('application/json');
  expect(gone.status).toBe(404);
});

test('a filter in the address that no view can read leaves the rest of the app alone', async () => {
  const { page } = await app.open(`/cohorts?where=${encodeURIComponent('{"kl":5}')}`);
  await page.getByRole('heading', { name: 'This page cannot be shown' }).waitFor();
  await page.getByRole('link', { name: 'Generations' }).click();
  await page.getByRole('heading', { name: 'Nothing was generated yet' }).waitFor();
});

test('an address that no view has is said so', async () => {
  const { page } = await app.open('/nowhere');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
});
