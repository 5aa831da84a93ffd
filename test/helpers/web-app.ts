import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import type { Role } from '../../src/domain/roles.js';
import { createToken } from '../../src/services/access/tokens.js';
import { startBrowser } from './browser.js';
import { openLine } from './line.js';
import { createTestPlatform, type TestPlatform } from './platform.js';
import { startServeOf } from './serve-process.js';

/** The program as its user starts it, with the tiny bundle, and a browser that reaches it through a line that can be cut. */
export interface WebApp {
  platform: TestPlatform;
  /** Where the browser finds the app. */
  url: string;
  /** What the first start printed: it carries the administrator's token. */
  firstUrl: string;
  tokens: Record<Role, string>;
  /** Breaks every connection between browser and server. */
  cut(): void;
  /** From now on breaks every connection over which the browser sends what matches, as a proxy does that does not know it. */
  block(pattern: RegExp | undefined): void;
  /** A fresh page, signed in unless the role is null, that notes what must not happen. */
  open(path: string, options?: OpenOptions): Promise<{ page: Page; faults: string[] }>;
  close(): Promise<void>;
}

export interface OpenOptions {
  role?: Role | null;
  width?: number;
  height?: number;
  scheme?: 'light' | 'dark';
}

/** Starts `osteograph serve`, with its worker unless flags say otherwise, the line, and the browser. */
export async function startWebApp(...flags: string[]): Promise<WebApp> {
  const platform = await createTestPlatform();
  const serve = await startServeOf(platform, { flags });
  const { token } = serve;
  const line = await openLine(Number(new URL(serve.url).port));
  const browser = await startBrowser();
  const tokens = { ADMIN: token } as Record<Role, string>;
  for (const role of ['SUMMARY', 'READER', 'OPERATOR', 'ANALYST'] as const) {
    tokens[role] = (await createToken(platform.dataSource, { name: role.toLowerCase(), role })).text;
  }
  return {
    platform,
    url: line.url,
    firstUrl: `${line.url}/?token=${token}`,
    tokens,
    cut: line.cut,
    block: line.block,
    open: (path, options = {}) => openPage(browser, line.url, path, tokens, options),
    async close() {
      await browser.close();
      line.close();
      await serve.end('SIGTERM');
      await platform.close();
    },
  };
}

async function openPage(
  browser: Browser,
  url: string,
  path: string,
  tokens: Record<Role, string>,
  { role = 'ADMIN', width = 1280, height = 800, scheme = 'light' }: OpenOptions,
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  // As a test's own limit: ends what hangs, not what a busy machine is slow to do.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  // This Chromium runs in a single process, where contexts share their storage.
  await page.goto(`${url}/health/live`);
  await page.evaluate(
    `localStorage.clear(); ${role ? `localStorage.setItem('osteograph:token', ${JSON.stringify(tokens[role])})` : ''}`,
  );
  const faults: string[] = [];
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && host !== new URL(url).host)
      faults.push(`asked ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(url + path);
  return { page, faults };
}

/** What WCAG 2.2 A and AA find wrong with the page, or the part that a selector names, one line each. */
export async function accessibilityFaults(page: Page, within = 'html'): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run(${JSON.stringify(within)}, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
      id + ': ' + html.slice(0, 120) + ' ' + failureSummary)))`);
}
