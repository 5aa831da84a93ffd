import { accessibilityFaults, startWebApp, type WebApp } from '../helpers/web-app.js';
import { createExam } from '../helpers/platform.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp();
  await createExam(app.platform, { mri: true });
  await app.platform.dataSource.query(
    `INSERT INTO bundle (name, version, task, manifest, sha256, state, refusal, directory)
     VALUES ('broken', '0.1.0', 'xray-to-mri', '{}', '', 'REFUSED', 'The bundle in models/broken/0.1.0 is refused: it has no bundle.json.', '')`,
  );
});

afterAll(() => app.close());

test('every bundle is listed with its state, size and sampler, a refused one with the reason', async () => {
  const { page, faults } = await app.open('/models');
  const tiny = await page.getByRole('row', { name: /tiny-bundle@1\.0\.0/ }).innerText();
  const broken = await page.getByRole('row', { name: /broken@0\.1\.0/ }).innerText();

  expect(tiny).toMatch(/ready\s+Makes an MRI volume from a radiograph\.\s+[\d.]+ kB\s+DDIM, \d+ steps/);
  expect(broken).toContain('refused');
  expect(broken).toContain('it has no bundle.json');
  expect(faults).toEqual([]);
});

test('the card tells what a bundle is for, what it is conditioned on and which files it is, and leads to generating', async () => {
  const { page, faults } = await app.open('/models');
  await page.getByRole('link', { name: 'tiny-bundle@1.0.0' }).click();
  await page.getByText('Tests of Osteograph.').waitFor();
  const features = page.getByRole('table', { name: 'Conditioning features' });

  expect(await features.getByRole('row').count()).toBe(20);
  expect(await features.getByRole('row', { name: /XRKL/ }).innerText()).toContain('4 severe');
  expect(await page.getByText(/^denoiser\.onnx[0-9a-f]{64}$/).count()).toBe(1);
  expect(await page.getByText('The manifest reports no figures.').count()).toBe(1);

  await page.getByRole('link', { name: 'Generate with this' }).click();
  await page.getByRole('button', { name: /^1000000/ }).click();
  await page.getByRole('button', { name: 'Generate', exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('bundle')).toBe('tiny-bundle@1.0.0');
  expect(faults).toEqual([]);
});

test('a card that measured several methods shows them below one another, intervals beside their values', async () => {
  const manifest = {
    trainedOn: { synthetic: false, films: 4026, people: 2013 },
    evaluation: {
      data: '40 films of test people',
      metrics: [
        { case: 'noise25', method: 'BM3D', psnr: 33.014 },
        {
          case: 'noise25',
          method: 'ours',
          psnr: 32.73,
          gain: -0.286,
          gain_low: -0.32,
          gain_high: -0.25,
          kl_change: 0.1017,
        },
      ],
    },
  };
  await app.platform.dataSource.query(
    `INSERT INTO bundle (name, version, task, manifest, sha256, state, refusal, directory)
     VALUES ('measured', '0.1.0', 'image-restoration', $1, '', 'READY', NULL, '')`,
    [manifest],
  );
  const { page, faults } = await app.open('/models');
  const row = await page.getByRole('row', { name: /measured@0\.1\.0/ }).innerText();
  expect(row).toMatch(/4,026 real films of 2,013 people\s+2 rows on its card/);
  await page.getByRole('link', { name: 'measured@0.1.0' }).click();
  const table = page.getByRole('table', { name: 'Figures' });
  await table.waitFor();
  const rows = await table.getByRole('row').allInnerTexts();
  expect(rows.map((text) => text.split('\t').map((cell) => cell.trim()))).toEqual([
    ['Case', 'Method', 'PSNR', 'Gain', 'KL change'],
    ['noise25', 'BM3D', '33', '–', '–'],
    ['noise25', 'ours', '32.7', '-0.286 (-0.32 to -0.25)', '0.102'],
  ]);
  expect(faults).toEqual([]);
});

test('who may not generate reads the card and is not offered to', async () => {
  const { page } = await app.open('/models/tiny-bundle', { role: 'READER' });
  await page.getByRole('heading', { name: 'tiny-bundle@1.0.0' }).waitFor();
  expect(await page.getByRole('link', { name: 'Generate with this' }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Evaluate', exact: true }).count()).toBe(0);
});

test('an administrator retires a bundle and takes it into use again; an operator is not offered to', async () => {
  const { page: operator } = await app.open('/models/tiny-bundle@1.0.0', { role: 'OPERATOR' });
  await operator.getByRole('link', { name: 'Generate with this' }).waitFor();
  expect(await operator.getByRole('button', { name: 'Retire' }).count()).toBe(0);

  const { page, faults } = await app.open('/models/tiny-bundle@1.0.0');
  await page.getByRole('button', { name: 'Retire' }).click();
  await page.getByRole('button', { name: 'Take into use again' }).waitFor();
  expect(await page.getByText('retired', { exact: true }).count()).toBe(1);
  expect(await page.getByRole('link', { name: 'Generate with this' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Take into use again' }).click();
  await page.getByRole('link', { name: 'Generate with this' }).waitFor();
  expect(faults).toEqual([]);
});

test('a summary token is told which role the models need', async () => {
  const { page } = await app.open('/models', { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Your token may not read records' }).waitFor();
});

test('a bundle that is not there, and a name that is none, are said so', async () => {
  const { page } = await app.open('/models/none@1.0.0');
  await page.getByRole('heading', { name: 'There is no such bundle' }).waitFor();
  await page.goto(`${app.url}/models/a@b@c`);
  await page.getByText('name must look like knee-xray2mri-demo').waitFor();
});

test.each([
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 390 },
] as const)(
  'list and card are accessible in $scheme at $width pixels, and not wider than the screen',
  async (options) => {
    const { page } = await app.open('/models', options);
    await page.getByRole('table', { name: 'Bundles' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.width);

    await page.getByRole('link', { name: 'tiny-bundle@1.0.0' }).click();
    await page.getByRole('table', { name: 'Conditioning features' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.width);
  },
);
