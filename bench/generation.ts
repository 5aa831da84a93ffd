import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/domain/package.js';
import { IMAGE_SIZE, listBundles, readBundleFor, startInferenceHost } from '../src/inference/index.js';
import type { GeneratedSlice, InferenceHost, VolumeRequest, VolumeSummary } from '../src/inference/index.js';
import type { Figure } from './report.js';
import { report } from './report.js';

const SLICES = 50;
/** One batch: a volume is a number of equal ones. */
const COMPARED_SLICES = 10;
const STEPS = 20;
const SEED = 7;
const ROUNDS = 3;

/**
 * On the cpu: one 50-slice volume of the newest shipped bundle by the clock; and one batch of networks of its size against
 * PyTorch eager with the same weights, steps and threads, turn by turn. PyTorch is looked for in `OSTEOGRAPH_PYTHON` (default
 * python3); without it only our own figures are printed.
 */
export async function run(options: { json: boolean }): Promise<void> {
  const threads = availableParallelism();
  const figures = [...(await shippedFigures(threads)), ...(await rivalFigures(threads))];
  report(figures, options);
}

async function shippedFigures(threads: number): Promise<Figure[]> {
  const listings = await listBundles(join(packageRoot, 'models'));
  const bundles = listings.flatMap((listing) => ('bundle' in listing ? [listing.bundle] : []));
  const dir = bundles.findLast(({ manifest }) => manifest.task === 'xray-to-mri')?.dir;
  if (dir === undefined) return [];
  const host = await startInferenceHost({ device: 'cpu', threads, niceness: 0 });
  try {
    const { manifest } = await readBundleFor(dir, 'xray-to-mri');
    const { summary } = await generate(host, dir, SLICES, manifest.sampler.steps);
    const seconds = summary.durationMs / 1000;
    return [
      { name: `${manifest.name} ${SLICES} slices`, value: seconds, unit: 's', limit: 60, better: 'lower' },
      { name: 'denoiser evaluations per slice', value: summary.denoiserEvaluations, unit: '', better: 'lower' },
    ];
  } finally {
    await host.close();
  }
}

async function rivalFigures(threads: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-'));
  const rival = await startRival(folder, threads);
  if (!rival) {
    console.error('PyTorch was not found (set OSTEOGRAPH_PYTHON to a Python that has it): no comparison.');
    await rm(folder, { recursive: true });
    return [];
  }
  const host = await startInferenceHost({ device: 'cpu', threads, niceness: 0 });
  try {
    await host.describe(folder);
    const ours: number[] = [];
    const theirs: number[] = [];
    let difference = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { slices, summary } = await generate(host, folder, COMPARED_SLICES, STEPS);
      ours.push(summary.durationMs / 1000);
      const images = join(folder, 'images.bin');
      theirs.push(
        await rival.generate({ slices: COMPARED_SLICES, steps: STEPS, batch: COMPARED_SLICES, seed: SEED, images }),
      );
      difference = largestDifference(slices, await readFile(images));
    }
    return [
      { name: 'osteograph, same networks', value: median(ours), unit: 's', better: 'lower' },
      { name: 'PyTorch eager, same networks', value: median(theirs), unit: 's', better: 'lower' },
      {
        name: 'osteograph / PyTorch eager',
        value: median(ours) / median(theirs),
        unit: '',
        limit: 0.8,
        better: 'lower',
      },
      { name: 'largest difference of their images', value: difference, unit: '', limit: 1e-3, better: 'lower' },
    ];
  } finally {
    await host.close();
    rival.stop();
    await rm(folder, { recursive: true });
  }
}

async function generate(
  host: InferenceHost,
  bundleDir: string,
  sliceCount: number,
  steps: number,
): Promise<{ slices: GeneratedSlice[]; summary: VolumeSummary }> {
  const request: VolumeRequest = {
    bundleDir,
    xray: new Float32Array(IMAGE_SIZE * IMAGE_SIZE),
    grades: {},
    sliceCount,
    steps,
    seed: SEED,
    noise: 'SHARED',
  };
  const slices: GeneratedSlice[] = [];
  const summary = await host.generate(request, { onSlice: (slice) => void slices.push(slice) });
  return { slices, summary };
}

/** The Python side, or undefined where there is no PyTorch. Writes the networks to `folder` as a bundle. */
async function startRival(folder: string, threads: number) {
  const python = process.env['OSTEOGRAPH_PYTHON'] ?? 'python3';
  const script = join(packageRoot, 'bench/generation_rival.py');
  const config = join(packageRoot, 'training/configs/demo.yaml');
  const child = spawn(python, [script, config, folder, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const spawned = Promise.withResolvers<boolean>();
  child.once('spawn', () => spawned.resolve(true)).once('error', () => spawned.resolve(false));
  if (!(await spawned.promise)) return undefined;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  if ((await nextLine()) !== 'ready') return undefined;
  return {
    async generate(order: object): Promise<number> {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return Number(await nextLine());
    },
    stop: () => child.stdin.end(),
  };
}

function largestDifference(slices: readonly GeneratedSlice[], images: Buffer): number {
  let largest = 0;
  for (const { index, image } of slices) {
    const offset = index * image.length * 4;
    image.forEach((value, pixel) => {
      largest = Math.max(largest, Math.abs(value - images.readFloatLE(offset + pixel * 4)));
    });
  }
  return largest;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
