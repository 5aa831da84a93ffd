import { batchOf } from '../helpers/batches.js';
import { createExam } from '../helpers/platform.js';
import { startWebApp, type WebApp } from '../helpers/web-app.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

let app: WebApp;

beforeAll(async () => {
  app = await startWebApp('--no-worker');
});

afterAll(() => app.close());

test('who computes is seen from the first to the last: nobody, one at work, one that has gone', async () => {
  const { page, faults } = await app.open('/workers', { role: 'READER' });
  await page.getByRole('heading', { name: 'No worker is running' }).waitFor();
  expect(await page.getByText('npm run osteograph -- worker').isVisible()).toBe(true);

  const { exam } = await createExam(app.platform);
  const { exam: other } = await createExam(app.platform);
  await batchOf(app.platform, [exam, other], { name: 'Two knees', sliceCount: 40, steps: 500 });
  await page.getByText('2 generations wait').waitFor();

  const worker = await startWorkerProcess(app.platform);
  try {
    await page.getByText('ready', { exact: true }).waitFor();
    await page.getByText(`process ${worker.pid}`).waitFor();
    await page.getByText('1 worker, 1 slot (1 on cpu), 1 busy').waitFor();
    expect(await page.getByRole('link', { name: /^Right knee of/ }).isVisible()).toBe(true);
    await page.getByRole('link', { name: 'Two knees' }).click();
    await page.waitForURL('**/batches/*');
    await page.goBack();
    worker.kill('SIGTERM');
    worker.kill('SIGTERM');
    await page.getByText('1 worker gone in the last day').waitFor();
    expect((await worker.ended()).code).toBe(0);
  } finally {
    await worker.dispose();
  }
  await page.getByRole('heading', { name: 'No worker is running' }).waitFor();
  expect(faults).toEqual([]);
});

test('a summary token is refused with what it would need', async () => {
  const { page } = await app.open('/workers', { role: 'SUMMARY' });
  await page.getByRole('heading', { name: 'Your token may not read records' }).waitFor();
});
