import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { AUDIENCE, CLIENT_ID, startProvider, type TestProvider } from '../helpers/oidc-provider.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let provider: TestProvider;
let app: WebApp;

beforeAll(async () => {
  provider = await startProvider();
  app = await startWebApp(
    ...['--oidc-issuer', provider.issuer, '--oidc-client-id', CLIENT_ID, '--oidc-audience', AUDIENCE],
    ...['--oidc-resource', AUDIENCE, '--oidc-role-claim', 'groups'],
    ...['--oidc-role-map', 'radiology=READER,lab=OPERATOR,admins=ADMIN'],
  );
});

afterAll(async () => {
  await app.close();
  await provider.close();
});

/** What the page asks of the provider is no fault, nor is the font that the provider's own pages would like to have. */
const withoutProvider = (faults: string[]) =>
  faults.filter(
    (fault) => !fault.startsWith(`asked ${provider.issuer}`) && !/googleapis|NAME_NOT_RESOLVED/.test(fault),
  );

const person = (page: Page) =>
  page.evaluate<{ accessToken: string; endsAt: number } | null>(
    `JSON.parse(localStorage.getItem('osteograph:person'))`,
  );

async function signIn(page: Page, subject: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
  await page.getByPlaceholder('Enter any login').fill(subject);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a deep link leads over the provider and back; the session is renewed before it ends, and ends at both places', async () => {
  provider.lifetime = 8;
  const { page, faults } = await app.open('/generations?state=FAILED', { role: null });
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  await signIn(page, 'ada');
  await page.getByRole('banner').getByRole('button', { name: 'Ada Reader' }).waitFor();
  expect(page.url()).toBe(`${app.url}/generations?state=FAILED`);
  const first = (await person(page))!;

  await delay(first.endsAt + 1_000 - Date.now());
  const later = (await person(page))!;
  expect(later.accessToken).not.toBe(first.accessToken);
  expect(later.endsAt).toBeGreaterThan(first.endsAt);
  const [row] = await app.platform.dataSource.query<[{ fresh: boolean }]>(
    `SELECT expires_at > now() AS fresh FROM api_token WHERE subject = 'ada'`,
  );
  expect(row.fresh).toBe(true);
  await page.getByRole('link', { name: 'Cohorts', exact: true }).click();
  await page.getByRole('heading', { name: 'Cohorts' }).waitFor();
  expect(withoutProvider(faults)).toEqual([]);

  await page.getByRole('banner').getByRole('button', { name: 'Ada Reader' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).waitFor();
  expect(await person(page)).toBeNull();
  expect(new URL(page.url()).origin).toBe(app.url);
});

test('a window does not go on with whoever signs in in another, and takes nothing from them', async () => {
  provider.lifetime = 600;
  const { page } = await app.open('/generations', { role: null });
  await signIn(page, 'ada');
  await page.getByRole('banner').getByRole('button', { name: 'Ada Reader' }).waitFor();
  const other = await page.context().newPage();
  await other.goto(`${app.url}/cohorts`);
  await other.getByRole('banner').getByRole('button', { name: 'Ada Reader' }).click();
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('button', { name: 'Yes, sign me out' }).click();
  await signIn(other, 'otto');
  await other.getByRole('banner').getByRole('button', { name: 'Otto Operator' }).waitFor();
  const kept = await person(other);

  await page.getByRole('link', { name: 'Cohorts', exact: true }).click();

  await page.getByText('You have signed out in another window, or somebody has signed in there.').waitFor();
  expect(await person(page)).toEqual(kept);
  await other.close();
});

test('who signs out where the provider has no page for it is told that they are still signed in there', async () => {
  const { page } = await app.open('/cohorts', { role: null });
  await page.route('**/sign-in', async (route) => {
    const answer = (await (await route.fetch()).json()) as { provider: object };
    await route.fulfill({ json: { provider: { ...answer.provider, endSessionEndpoint: null } } });
  });
  await signIn(page, 'ada');
  await page.getByRole('banner').getByRole('button', { name: 'Ada Reader' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();

  await page.getByText(`You are still signed in at ${new URL(provider.issuer).host}.`).waitFor();
  expect(await person(page)).toBeNull();
});

test('who has no role here is told so', async () => {
  provider.lifetime = 600;
  const { page } = await app.open('/cohorts', { role: null });

  await signIn(page, 'nobody');

  await page.getByText('"No Body" has no role at this server').waitFor();
});

test('who cancels, and who comes with a code that they did not ask for, can sign in again', async () => {
  const { page } = await app.open(`/signed-in?code=stolen&state=x&iss=${encodeURIComponent(provider.issuer)}`, {
    role: null,
  });

  await page.getByText('This sign-in was begun somewhere else; sign in again.').waitFor();
  expect(page.url()).toBe(`${app.url}/`);
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
  await page.getByRole('link', { name: 'Cancel' }).click();

  await page.getByText('The sign-in was canceled.').waitFor();
});

test('a page may ask this server and the provider, and nobody else', async () => {
  const page = await fetch(`${app.url}/cohorts`, { headers: { accept: 'text/html' } });

  expect(page.headers.get('content-security-policy')).toBe(
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; ` +
      `connect-src 'self' blob: data: ${provider.issuer}; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
});

test('a token still signs in, and GraphiQL works for people', async () => {
  const { page } = await app.open('/cohorts', { role: null });
  await page.getByLabel('Token').fill(app.tokens.READER);
  await page.getByRole('button', { name: 'Use this token' }).click();
  await page.getByRole('banner').getByRole('button', { name: 'reader' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, 'otto');
  await page.getByRole('banner').getByRole('button', { name: 'Otto Operator' }).waitFor();

  await page.goto(`${app.url}/graphiql`);
  await page.locator('.graphiql-query-editor', { hasText: 'kneeExams' }).waitFor();
  await page.locator('.graphiql-execute-button').click();

  await page.locator('.result-window', { hasText: 'totalCount' }).waitFor();
});
