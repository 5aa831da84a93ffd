import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { openGraph } from '../../src/inference/backend.js';
import { startInferenceHost } from '../../src/inference/index.js';
import type { InferenceHost } from '../../src/inference/index.js';
import { median } from '../../src/metrics/statistics/quantile.js';
import type { Figure } from '../report.js';
import { startPython } from './python.js';
import type { PythonSide } from './python.js';
import { BATCH, generate, lower, SEED, STEPS } from './volumes.js';
import type { Volume } from './volumes.js';

const ORDER = { slices: BATCH, steps: STEPS, batch: BATCH };
const ROUNDS = 8;
const BATCH_SIZES = [1, 2, 5, 10, 25, 50];
const BATCH_STEPS = 4;
const BATCH_ROUNDS = 3;
const CONVOLUTION_RUNS = 30;

/** What rival.py says first. `operations`: floating-point operations of one step of one slice. */
interface Networks {
  operations: number;
  convolutions: { file: string; dims: number[]; operations: number }[];
}

type Answer = { seconds: number; denoiserSeconds: number } | { error: string };

/**
 * Networks of the demo's size with random weights: ours against PyTorch, eager and compiled, turn by turn in one run; a step of a
 * slice against the machine's best at convolutions; batch sizes. Nothing without PyTorch. `folder` takes the networks.
 */
export async function sameNetworks(folder: string, threads: number): Promise<Figure[]> {
  const config = join(packageRoot, 'training/configs/demo.yaml');
  const rival = await startPython('rival.py', [config, folder, String(threads)]);
  if (!rival) {
    console.error('PyTorch was not found (set OSTEOGRAPH_PYTHON to a Python that has it): no comparison.');
    return [];
  }
  const host = await startInferenceHost({ device: 'cpu', threads, niceness: 0 });
  try {
    const networks = rival.first as Networks;
    const { figures, secondsPerSliceStep } = await againstPyTorch(host, rival, folder);
    const rate = networks.operations / secondsPerSliceStep / 1e9;
    const best = await convolutionPeak(networks.convolutions, threads);
    return [
      ...figures,
      lower('one slice-step', 1000 * secondsPerSliceStep, 'ms'),
      { name: 'its arithmetic', value: rate, unit: 'GFLOP/s', better: 'higher' },
      { name: 'convolution peak here', value: best, unit: 'GFLOP/s', better: 'higher' },
      { name: 'share of the peak', value: (100 * rate) / best, unit: '%', better: 'higher' },
      ...(await batchSizes(host, rival, folder)),
    ];
  } finally {
    await host.close();
    rival.stop();
  }
}

async function againstPyTorch(host: InferenceHost, rival: PythonSide, folder: string) {
  const eager = await inTurns(host, rival, folder, 'eager');
  const ratio = eager.ours / eager.theirs;
  const figures: Figure[] = [
    lower(`osteograph, ${BATCH} slices x ${STEPS} steps`, eager.ours, 's'),
    lower('PyTorch eager, the same', eager.theirs, 's'),
    { name: 'osteograph / PyTorch eager', value: ratio, unit: '', limit: 0.8, better: 'lower' },
    { name: 'largest difference of their images', value: eager.difference, unit: '', limit: 1e-3, better: 'lower' },
  ];
  if (await canCompile(rival)) {
    const compiled = await inTurns(host, rival, folder, 'compile');
    figures.push(lower('torch.compile, the same', compiled.theirs, 's'));
    figures.push(lower('osteograph / torch.compile', compiled.ours / compiled.theirs, ''));
  }
  return { figures, secondsPerSliceStep: eager.secondsPerSliceStep };
}

/** Medians of ours and of theirs. Who is first changes every round. */
async function inTurns(host: InferenceHost, rival: PythonSide, folder: string, how: 'eager' | 'compile') {
  const file = join(folder, 'images.bin');
  const ours: Volume[] = [];
  const theirs: number[] = [];
  const turns = [
    async () => void ours.push(await generate(host, { bundleDir: folder, ...ORDER })),
    async () => void theirs.push((await answer(rival, { how, ...ORDER, images: file })).seconds),
  ];
  await generate(host, { bundleDir: folder, ...ORDER, steps: 1 });
  await answer(rival, { how, ...ORDER, steps: 1 });
  for (let round = 0; round < ROUNDS; round++)
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  return {
    ours: median(ours.map(({ summary }) => summary.durationMs)) / 1000,
    theirs: median(theirs),
    secondsPerSliceStep: median(ours.map(({ secondsPerSliceStep }) => secondsPerSliceStep)),
    difference: largestDifference(ours[0]!.images, await readFile(file)),
  };
}

/** Compiles, which takes PyTorch a minute or two the first time. */
async function canCompile(rival: PythonSide): Promise<boolean> {
  const found = (await rival.ask({ how: 'compile', seed: SEED, ...ORDER, steps: 1 })) as Answer;
  if ('error' in found) console.error(`torch.compile does not work here, so it has no row: ${found.error}`);
  return !('error' in found);
}

async function answer(rival: PythonSide, order: object) {
  const found = (await rival.ask({ seed: SEED, ...order })) as Answer;
  if ('error' in found) throw new Error(`PyTorch failed: ${found.error}`);
  return found;
}

/** The fastest of a few plain 3 x 3 convolutions in ONNX Runtime, with the options and threads of a bundle's graphs; GFLOP/s. */
async function convolutionPeak(convolutions: Networks['convolutions'], threads: number): Promise<number> {
  let peak = 0;
  for (const { file, dims, operations } of convolutions) {
    const graph = await openGraph(file, { device: 'cpu', threads });
    const data = new Float32Array(dims.reduce((product, size) => product * size)).fill(0.5);
    for (let run = 0; run < CONVOLUTION_RUNS; run++) {
      const start = performance.now();
      await graph.run({ x: { data, dims } });
      peak = Math.max(peak, operations / (performance.now() - start) / 1e6);
    }
    await graph.release();
  }
  return peak;
}

async function batchSizes(host: InferenceHost, rival: PythonSide, folder: string): Promise<Figure[]> {
  const ours = BATCH_SIZES.map((): number[] => []);
  const eager = BATCH_SIZES.map((): number[] => []);
  for (let round = 0; round < BATCH_ROUNDS; round++)
    for (const [index, batch] of BATCH_SIZES.entries()) {
      const order = { slices: batch, steps: BATCH_STEPS, batch };
      ours[index]!.push((await generate(host, { bundleDir: folder, ...order })).secondsPerSliceStep);
      const { denoiserSeconds } = await answer(rival, { how: 'eager', ...order });
      eager[index]!.push(denoiserSeconds / (batch * BATCH_STEPS));
    }
  return BATCH_SIZES.flatMap((batch, index) => [
    lower(`batch of ${batch}: one slice-step`, 1000 * median(ours[index]!), 'ms'),
    lower(`batch of ${batch}: osteograph / PyTorch eager`, median(ours[index]!) / median(eager[index]!), ''),
  ]);
}

function largestDifference(images: readonly Float32Array[], theirs: Buffer): number {
  let largest = 0;
  images.forEach((image, index) => {
    image.forEach((value, pixel) => {
      largest = Math.max(largest, Math.abs(value - theirs.readFloatLE((index * image.length + pixel) * 4)));
    });
  });
  return largest;
}
