import type { Page } from 'playwright-core';
import { bilateralPng, kneePng } from '../helpers/radiographs.js';
import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
});

afterAll(() => app.close());

/** Drags a file over the page and lets it go there. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const files = await page.evaluateHandle(
    `(() => {
      const data = Uint8Array.from(atob(${JSON.stringify(Buffer.from(bytes).toString('base64'))}), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([data], ${JSON.stringify(name)}));
      return transfer;
    })()`,
  );
  await page.dispatchEvent('body', 'dragover', { dataTransfer: files });
  await page.getByText('Release to upload it').waitFor();
  await page.dispatchEvent('body', 'drop', { dataTransfer: files });
}

test('a film of both knees is dropped, a knee chosen, and its volume appears slice by slice', async () => {
  const { page, faults } = await app.open('/generate', { width: 900, height: 700 });
  await page.getByText('Drop a file on this page').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);

  await drop(page, 'film.png', bilateralPng());
  await page.waitForURL('**/generate?upload=*');
  await page.getByText('Which knee?').waitFor();
  expect(await page.getByRole('button', { name: 'Generate', exact: true }).isDisabled()).toBe(true);
  await page.getByLabel('left', { exact: true }).check();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByLabel('Slices').fill('4');
  await page.getByLabel('Steps').fill('2');
  await page.getByLabel('Pull of the grades').fill('2');
  await page.getByLabel('Sampler').selectOption('DPMPP_2M');
  await page.getByLabel('Noise').selectOption('PER_SLICE');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();

  await page.getByText('succeeded', { exact: true }).waitFor();
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Left knee of an uploaded radiograph');
  expect(await page.getByRole('img', { name: /^Slice \d+$/ }).count()).toBe(4);
  // The viewer first: what it is drawing when the page goes would count as a fault.
  await page.locator('[data-ready=true]').waitFor();
  await page.getByRole('link', { name: 'What if …' }).click();
  await page.getByText('Which knee?').waitFor();
  expect(await page.getByLabel('left', { exact: true }).isChecked()).toBe(true);
  const asked = ['Slices', 'Steps', 'Pull of the grades', 'Sampler', 'Noise'];
  const values = await Promise.all(asked.map((label) => page.getByLabel(label).inputValue()));
  expect(values).toEqual(['4', '2', '2', 'DPMPP_2M', 'PER_SLICE']);

  await page.goto(`${app.url}/generations`);
  await page.getByRole('cell', { name: 'uploaded left' }).waitFor();
  expect(faults).toEqual([]);
});

test('a file that is no radiograph is refused in the words of the server, and another one can be given', async () => {
  const { page } = await app.open('/generate', { width: 390, height: 800, scheme: 'dark' });
  await page.getByText('Drop a file on this page').waitFor();

  await drop(page, 'letter.pdf', Buffer.from('%PDF-1.7'));
  await page.getByRole('alert').getByText('The file is no DICOM, PNG, TIFF or JPEG file').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);

  await drop(page, 'knee.png', kneePng().subarray(0, 9_000));
  await page.getByRole('alert').getByText('The file is cut short').waitFor();
  await drop(page, 'knee.png', kneePng());
  await page.getByText('Which knee does it show?').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('a file is chosen by the keyboard, and deleted with all that came of it', async () => {
  const { page, faults } = await app.open('/generate');
  // Asked for before anything else: the browser must know of it when the key is pressed.
  const choosing = page.waitForEvent('filechooser');
  const button = page.getByRole('button', { name: 'Choose a file …' });
  await button.focus();
  await page.locator('button:focus', { hasText: 'Choose a file' }).waitFor();
  await page.keyboard.press('Enter');
  const chooser = await choosing;
  await chooser.setFiles({ name: 'knee.png', mimeType: 'image/png', buffer: kneePng(2) });
  await page.waitForURL('**/generate?upload=*');
  const address = page.url();
  await page.getByLabel('right', { exact: true }).focus();
  await page.keyboard.press('Space');
  expect(await page.getByRole('button', { name: 'Generate', exact: true }).isEnabled()).toBe(true);

  await page.getByRole('button', { name: 'Delete …' }).click();
  await page.getByRole('button', { name: 'Delete the film and its volumes' }).click();
  await page.getByText('Drop a file on this page').waitFor();
  await page.goto(address);
  await page.getByText('There is no such radiograph').waitFor();
  expect(faults).toEqual([]);
});
