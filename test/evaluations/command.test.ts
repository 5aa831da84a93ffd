import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { compiledModule } from '../../src/domain/package.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { Evaluation, EvaluationEvent, Generation, type KneeExam } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { upTo } from '../helpers/events.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;
let knees: KneeExam[];
let common: string[];

beforeAll(async () => {
  platform = await createTestPlatform();
  knees = [];
  for (const kl of [0, 2, 4]) knees.push((await createExam(platform, { mri: true, kl })).exam);
  common = ['--slices', '4', '--data-dir', platform.dataDir, '--models', platform.modelsDir, '--device', 'cpu'];
});
afterAll(() => platform.close());

const evaluate = (...args: string[]): Promise<CommandResult> =>
  runCommand(['evaluate', ...args, ...common], { DATABASE_URL: platform.url });

async function jsonFile(name: string, value: unknown): Promise<string> {
  const path = join(platform.dataDir, name);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

test('sets of grades are compared on the knees of a filter, and the report lies in the folder', async () => {
  const filter = await jsonFile('filter.json', { kl: { gte: 2 } });
  const features = await jsonFile('sets.json', { 'preferred reading': {}, 'without KL grade': { XRKL: null } });
  const out = join(platform.dataDir, 'report');

  const done = await evaluate('--bundle', 'tiny-bundle', '--filter', filter, '--features', features, '--out', out);

  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toContain('2 knees of 2 people, all of them phantoms, not patients.');
  expect(done.stdout).toMatch(/preferred reading +PSNR, dB [\d.]+ .*SSIM .*RSSIM .*correlation/);
  expect(done.stdout).toMatch(/without KL grade +PSNR/);
  expect(done.stdout).toMatch(/own series, mirrored +PSNR, dB [\d.]+ .*edge F1 .*bone Dice .*sharpness 1\.00/);
  expect(done.stdout).toMatch(/black +PSNR, dB [\d.]+ .*edge F1 0\.000/);
  expect(done.stdout).toContain('own knee first of 2: ');
  expect(done.stdout).toContain('Every volume is synthetic; nothing here is clinically valid.');
  const files = await readdir(out);
  expect(files).toEqual(expect.arrayContaining(['report.html', 'scores.csv', 'psnr.svg', 'grades.png']));
  const lines = parse(await readFile(join(out, 'scores.csv'), 'utf8'), { columns: true, bom: true }) as object[];
  expect(lines).toHaveLength(4);
});

test('the knees of a cohort are taken, and --json gives every figure to a program', async () => {
  const request = { name: 'Two knees', kind: 'STATIC', examIds: knees.slice(0, 2).map(({ id }) => id) } as const;
  const cohort = encodeId('Cohort', (await createCohort(platform.dataSource, COMMAND_LINE, request)).id);

  const done = await evaluate('--bundle', 'tiny-bundle@1.0.0', '--cohort', cohort, '--steps', '1,2', '--json');

  expect(done.code).toBe(0);
  const figures = JSON.parse(done.stdout) as {
    exams: number;
    arms: { label: string }[];
    summaries: unknown[];
    references: unknown[];
  };
  expect(figures).toMatchObject({ exams: 2, participants: 2, phantoms: 2, arms: [{ steps: 1 }, { steps: 2 }] });
  expect(figures.summaries).toHaveLength(14);
  expect(figures.references).toHaveLength(35);
});

test('a command that is killed leaves what it has made, and the same command goes on from there', async () => {
  const { dataSource } = platform;
  const before = await dataSource.manager.count(Generation);
  const args = ['--bundle', 'tiny-bundle', '--steps', '3,4,5', '--name', 'Killed'];
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'evaluate', ...args, ...common], {
    env: { ...process.env, DATABASE_URL: platform.url },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const named = () => dataSource.manager.findOneBy(Evaluation, { name: 'Killed' });
  const scored = async () =>
    dataSource.manager.countBy(EvaluationEvent, { evaluationId: (await named())?.id ?? '', type: 'VOLUME_SCORED' });
  while ((await named()) === null || (await scored()) === 0);
  child.kill('SIGKILL');
  await ended;
  expect((await named())!.state).toBe('RUNNING');

  const again = await evaluate(...args);

  expect(again).toMatchObject({ code: 0 });
  const { id, state } = (await named())!;
  expect(state).toBe('SUCCEEDED');
  const log = await dataSource.manager.find(EvaluationEvent, { where: { evaluationId: id }, order: { seq: 'ASC' } });
  expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length));
  expect(log.filter(({ type }) => type === 'VOLUME_SCORED')).toHaveLength(9);
  expect((await dataSource.manager.count(Generation)) - before).toBe(9);
});

test.each([
  ['a bundle that is not there', ['--bundle', 'nothing@1.0.0'], 'nothing@1.0.0'],
  ['a cohort that is none', ['--bundle', 'tiny-bundle', '--cohort', 'x'], 'must be the id of a Cohort.'],
  [
    'sets in no file',
    ['--bundle', 'tiny-bundle', '--features', '/no'],
    'The file of the sets of grades cannot be read',
  ],
  ['steps in words', ['--bundle', 'tiny-bundle', '--steps', 'two'], '--steps must be a whole number'],
])('%s is refused with one sentence', async (_, args, sentence) => {
  const { code, stderr } = await evaluate(...args);

  expect(code).not.toBe(0);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain(sentence);
});

test('sets of grades that name no feature are refused with its place in the file', async () => {
  const wrong = await jsonFile('wrong.json', { 'preferred reading': { XRXX: 1 } });

  const { code, stderr } = await evaluate('--bundle', 'tiny-bundle', '--features', wrong);

  expect(code).toBe(1);
  expect(stderr).toContain('wrong.json: preferred reading');
});
