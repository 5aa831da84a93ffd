import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { destination, pino } from 'pino';
import { commandPrefix } from '../domain/package.js';
import { writeRelease } from '../oai/synthetic/release.js';
import { type RunningPlatform, startPlatform } from '../server/platform.js';
import { importRelease } from '../services/imports/index.js';
import { createToken } from '../services/access/index.js';
import { type ApiClient, createApiClient } from './api-client.js';
import { deviceOption, modelsOption } from './choose-bundle.js';
import { COHORT_QUERY, cohortTable } from './demo/cohort.js';
import { chooseKnee, type DemoKnee, type DemoResult, generateVolume } from './demo/generation.js';
import { demoMontage } from './demo/montage.js';
import { blobSettings, wholeNumber } from './options.js';
import { progressBar } from './progress.js';

interface DemoOptions {
  dir?: string;
  participants: number;
  images: number;
  seed: number;
  slices: number;
  steps?: number;
  device: string;
  models: string;
}

/** `osteograph demo`: the main job from an empty folder to a scored volume, through the public API. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'see the whole job: make a small synthetic release, import it, query it, generate and score an MRI volume',
    )
    .option('--dir <dir>', 'folder for everything (default: a new one for temporary files)')
    .option('--participants <count>', 'participants of the synthetic release', wholeNumber('--participants'), 300)
    .option('--images <count>', 'participants with images', wholeNumber('--images'), 2)
    .option('--seed <number>', 'seed of the release and of the generation', wholeNumber('--seed'), 7)
    .option('--slices <count>', 'slices of the generated volume', wholeNumber('--slices'), 50)
    .option('--steps <count>', "denoiser steps (default: the bundle's)", wholeNumber('--steps'))
    .addOption(deviceOption())
    .addOption(modelsOption())
    .addHelpText(
      'after',
      `
Everything is synthetic: invented participants, drawn knees, a model trained on such drawings. It is kept in --dir, so that
"osteograph serve --data-dir <dir>/data" opens it again.

Examples:
  $ osteograph demo
  $ osteograph demo --dir try --images 4 --slices 100`,
    )
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  // The worker child logs as its parent does; what the demo says is enough unless somebody asks for more.
  process.env['LOG_LEVEL'] ??= 'warn';
  const started = performance.now();
  const folder = resolve(options.dir ?? (await mkdtemp(join(tmpdir(), 'osteograph-demo-'))));
  await mkdir(folder, { recursive: true });
  console.log('Osteograph demo. All of this is synthetic: no patient, no real image, no evidence about real knees.\n');
  await makeRelease(options, join(folder, 'release'));
  const platform = await openPlatform(options, join(folder, 'data'));
  try {
    await readRelease(platform, folder);
    const { text: token } = await createToken(platform.dataSource, { name: 'demo', role: 'OPERATOR' });
    const api = createApiClient(platform.url, token);
    try {
      await runJob(api, options, folder);
    } finally {
      await api.close();
    }
  } finally {
    await platform.close();
  }
  console.log(`\nDone in ${seconds(started)}. To look around in GraphiQL:\n`);
  console.log(`   ${commandPrefix} token create --name me --role ADMIN --data-dir ${join(folder, 'data')}`);
  console.log(`   ${commandPrefix} serve --data-dir ${join(folder, 'data')}`);
}

async function makeRelease({ participants, images, seed }: DemoOptions, out: string): Promise<void> {
  const started = performance.now();
  const bar = progressBar('1. drawing knees');
  const drawn = Math.min(images, participants);
  bar.start(drawn, 'participants');
  try {
    await writeRelease(
      { participants, seed, visits: ['V00'], compact: true, imageParticipants: drawn },
      { out, onParticipant: (done) => bar.update(done, 'participants') },
    );
  } finally {
    bar.stop();
  }
  console.log(`1. Release    ${participants} synthetic participants, films and MRI of ${drawn} (${seconds(started)})`);
  console.log(`              ${out}`);
}

async function openPlatform({ device, models }: DemoOptions, dataDir: string): Promise<RunningPlatform> {
  const started = performance.now();
  const platform = await startPlatform({
    blobs: blobSettings(dataDir),
    databaseUrl: process.env['DATABASE_URL'],
    queueUrl: process.env['QUEUE_URL'],
    host: '127.0.0.1',
    port: 0,
    modelsDir: models,
    worker: { device },
    purpose: 'osteograph demo',
    logger: pino({ name: 'demo', level: process.env['LOG_LEVEL'] ?? 'info' }, destination(2)),
  });
  console.log(`2. Platform   PostgreSQL, GraphQL API and a worker at ${platform.url} (${seconds(started)})`);
  return platform;
}

async function readRelease({ dataSource, store }: RunningPlatform, folder: string): Promise<void> {
  const started = performance.now();
  const bar = progressBar('3. importing');
  bar.start(100);
  try {
    const { tables, images, refused } = await importRelease(dataSource, join(folder, 'release'), {
      store,
      onProgress: ({ done, total, file }) => bar.update(Math.round((100 * done) / Math.max(total, 1)), `% ${file}`),
    });
    bar.stop();
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const what = `${rows} rows of ${tables.length} tables, ${images.inserted} image series, ${refused} refused`;
    console.log(`3. Import     ${what} (${seconds(started)})`);
  } finally {
    bar.stop();
  }
}

async function runJob(api: ApiClient, { slices, steps, seed }: DemoOptions, folder: string): Promise<void> {
  console.log(`4. Cohort     knees at baseline, asked over GraphQL:\n\n${indent(COHORT_QUERY)}\n`);
  console.log(`${indent(await cohortTable(api))}\n`);
  const knee = await chooseKnee(api);
  console.log(`5. Generation ${slices} slices from the radiograph of participant ${describe(knee)}`);
  const started = performance.now();
  const result = await generateVolume(api, knee, { sliceCount: slices, steps, seed });
  console.log(
    `              ${result.denoiserEvaluations} slice-evaluations of the denoiser on ${result.device} (${seconds(started)})\n`,
  );
  console.log(`${indent(scores(result))}\n`);
  await writeFile(join(folder, 'volume.nii.gz'), await api.download(result.volumeUrl));
  await writeFile(join(folder, 'montage.png'), await demoMontage(api, knee, result));
  console.log(`6. Files      ${join(folder, 'volume.nii.gz')}\n              ${join(folder, 'montage.png')}`);
}

function describe({ participant, side, kl }: DemoKnee): string {
  return `${participant.oaiId}, ${side.toLowerCase()} knee, KL ${kl ?? 'missing'}`;
}

function scores({ psnr, ssim, rssim, adjacentCorrelation }: DemoResult): string {
  const show = (value: number | null, digits: number) => (value === null ? 'none' : value.toFixed(digits));
  return [
    `PSNR  ${show(psnr, 1)} dB    median over the slices, against the phantom's own MRI`,
    `SSIM  ${show(ssim, 3)}`,
    `RSSIM ${show(rssim, 3)}      structural similarity of edges around the joint`,
    `adjacent-slice correlation ${show(adjacentCorrelation, 3)}`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '   ');
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
