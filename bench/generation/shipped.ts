import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { listBundles, readBundleFor, startInferenceHost } from '../../src/inference/index.js';
import { volumePsnr } from '../../src/metrics/index.js';
import type { Bundle, InferenceHost } from '../../src/inference/index.js';
import { median } from '../../src/metrics/statistics/quantile.js';
import type { Figure } from '../report.js';
import { processFigures } from './process.js';
import { startPython } from './python.js';
import { BATCH, generate, lower, STEPS } from './volumes.js';
import type { Volume } from './volumes.js';

const SLICES = 50;
const ROUNDS = 5;
const PRECISION_ROUNDS = 3;

/** The newest shipped bundle: one volume by the clock, its parts and memory; then what other precisions give and take. */
export async function shippedBundle(folder: string, threads: number): Promise<Figure[]> {
  const listings = await listBundles(join(packageRoot, 'models'));
  const bundles = listings.flatMap((listing) => ('bundle' in listing ? [listing.bundle] : []));
  const newest = bundles.findLast(({ manifest }) => manifest.task === 'xray-to-mri');
  if (!newest) return [];
  const bundle = await readBundleFor(newest.dir, 'xray-to-mri');
  const film = await goldenFilm();
  const figures = await volumes(bundle, film, threads);
  return [...figures, ...(await precisions(bundle.dir, film, folder, threads))];
}

async function volumes(bundle: Bundle<'xray-to-mri'>, film: Float32Array, threads: number): Promise<Figure[]> {
  const host = await startInferenceHost({ device: 'cpu', threads, niceness: 0 });
  try {
    const { name, sampler } = bundle.manifest;
    const order = { bundleDir: bundle.dir, slices: SLICES, batch: BATCH, xray: film };
    const few: Volume[] = [];
    for (let round = 0; round < ROUNDS; round++) few.push(await generate(host, { ...order, steps: sampler.steps }));
    const many = await generate(host, { ...order, steps: STEPS });
    const { peakGigabytes } = await processFigures(host.pid!);
    const seconds = median(few.map(({ summary }) => summary.durationMs)) / 1000;
    return [
      { name: `${name} ${SLICES} slices`, value: seconds, unit: 's', limit: 60, better: 'lower' },
      lower('denoiser evaluations per slice', few[0]!.summary.denoiserEvaluations, ''),
      ...shares(sampler.steps, few.at(-1)!),
      ...shares(STEPS, many),
      lower(`memory of the inference process, batch of ${BATCH}, largest`, peakGigabytes, 'GB'),
      lower(`the same, batch of ${SLICES}`, await peakOfOneBatch(host, order), 'GB'),
    ];
  } finally {
    await host.close();
  }
}

/** What the parts of a volume took of its time, its radiograph encoded once. */
function shares(steps: number, { summary }: Volume): Figure[] {
  const { timings, durationMs } = summary;
  return [
    lower(`radiograph encoder, share of a volume in ${steps} steps`, (100 * timings.encoder) / durationMs, '%'),
    lower(`denoiser, share of a volume in ${steps} steps`, (100 * timings.denoiser) / durationMs, '%'),
    lower(`decoder, share of a volume in ${steps} steps`, (100 * timings.decoder) / durationMs, '%'),
  ];
}

/** High-water mark after a volume as one batch; it comes last, as the mark never falls. */
async function peakOfOneBatch(host: InferenceHost, order: { bundleDir: string; slices: number }): Promise<number> {
  await generate(host, { ...order, batch: order.slices, steps: 1 });
  return (await processFigures(host.pid!)).peakGigabytes;
}

/** float16 and int8 against float32: time of a slice-step, and how far the images are from those of float32. */
async function precisions(bundleDir: string, film: Float32Array, folder: string, threads: number): Promise<Figure[]> {
  const filmFile = join(folder, 'film.bin');
  await writeFile(filmFile, film);
  const python = await startPython('precisions.py', [bundleDir, filmFile, folder]);
  if (!python) {
    console.error('ONNX Runtime for Python was not found (set OSTEOGRAPH_PYTHON): no other precisions.');
    return [];
  }
  python.stop();
  const casts = python.first as Record<string, number>;
  const kinds = Object.keys(casts);
  const hosts = await Promise.all(
    ['fp32', ...kinds].map(() => startInferenceHost({ device: 'cpu', threads, niceness: 0 })),
  );
  try {
    const dirs = [bundleDir, ...kinds.map((kind) => join(folder, kind))];
    const rounds: Volume[][] = [];
    for (let round = 0; round < PRECISION_ROUNDS; round++) {
      const volumes: Volume[] = [];
      // One process each, turn by turn: a process keeps one bundle.
      for (const [index, host] of hosts.entries())
        volumes.push(
          await generate(host, { bundleDir: dirs[index]!, slices: BATCH, steps: STEPS, batch: BATCH, xray: film }),
        );
      rounds.push(volumes);
    }
    const times = hosts.map((_, index) => median(rounds.map((volumes) => volumes[index]!.secondsPerSliceStep)));
    const [exact, ...others] = rounds[0]!.map(({ images }) => volumeOf(images));
    return kinds.flatMap((kind, index) => [
      lower(`${kind} / fp32, time of a slice-step`, times[index + 1]! / times[0]!, ''),
      {
        name: `${kind}, PSNR against the images of fp32`,
        value: volumePsnr(exact!, others[index]!),
        unit: 'dB',
        better: 'higher',
      },
      lower(`${kind}, casts that its denoiser runs`, casts[kind]!, ''),
    ]);
  } finally {
    for (const host of hosts) await host.close();
  }
}

function volumeOf(images: readonly Float32Array[]) {
  const size = Math.sqrt(images[0]!.length);
  const data = new Float32Array(images.length * size ** 2);
  images.forEach((image, index) => data.set(image, index * image.length));
  return { data, slices: images.length, rows: size, columns: size };
}

/** The synthetic radiograph of the golden sample: its 256 x 256 bytes come first in the file. */
async function goldenFilm(): Promise<Float32Array> {
  const bytes = await readFile(join(packageRoot, 'test/golden/bundle-sample.bin'));
  return Float32Array.from(bytes.subarray(0, 256 ** 2), (value) => value / 127.5 - 1);
}
