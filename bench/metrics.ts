import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../src/domain/package.js';
import {
  adjacentCorrelation,
  canny,
  edgeSsim,
  psnr,
  ssim,
  VolumeScorer,
  type GreyImage,
  type SliceScores,
} from '../src/metrics/index.js';
import { median } from '../src/metrics/statistics/quantile.js';
import { report, type Figure } from './report.js';

const SLICES = 50;
const SIDE = 256;
/** The joint row both sides use: scikit-image has no finder of its own. */
const JOINT_ROW = 128;
const ROUNDS = 3;

/**
 * PSNR, SSIM, RSSIM and adjacent-slice correlation of one 50-slice volume, alone and against scikit-image on the same pixels, turn by turn. scikit-image is
 * looked for in `OSTEOGRAPH_PYTHON` (default python3); without it only our own figures are printed.
 */
export async function run(options: { json: boolean }): Promise<void> {
  const real = Array.from({ length: SLICES }, (_, index) => slice(index, 0));
  const generated = Array.from({ length: SLICES }, (_, index) => slice(index, 1));
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-'));
  try {
    const file = join(folder, 'slices.bin');
    await writeFile(file, Buffer.concat([...real, ...generated].map(({ data }) => Buffer.from(data.buffer))));
    const ours: number[] = [];
    const theirs: number[] = [];
    let difference = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [seconds, { scores, correlation }] = timed(() => ({
        scores: real.map((image, index) => scoreAlone(image, generated[index]!)),
        correlation: adjacentCorrelation(generated),
      }));
      ours.push(seconds);
      const rival = await scikitImage(file);
      if (!rival) break;
      theirs.push(rival.seconds);
      const correlations = Math.abs(correlation - rival.correlation);
      difference = Math.max(difference, correlations, largestDifference(scores, rival.scores));
    }
    const [whole] = timed(() => {
      const scorer = new VolumeScorer(real);
      adjacentCorrelation(generated);
      return generated.map((image, index) => scorer.score(index, image));
    });
    report(figures(whole, ours, theirs, difference), options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function figures(whole: number, ours: number[], theirs: number[], difference: number): Figure[] {
  const own: Figure[] = [
    { name: 'scores of a 50-slice volume', value: whole, unit: 's', limit: 2, better: 'lower' },
    { name: 'osteograph, given joint row', value: median(ours), unit: 's', better: 'lower' },
  ];
  if (theirs.length === 0) {
    console.error('scikit-image was not found (set OSTEOGRAPH_PYTHON to a Python that has it): no comparison.');
    return own;
  }
  return [
    ...own,
    { name: 'scikit-image', value: median(theirs), unit: 's', better: 'lower' },
    { name: 'osteograph / scikit-image', value: median(ours) / median(theirs), unit: '', limit: 1, better: 'lower' },
    { name: 'largest difference of their scores', value: difference, unit: '', limit: 1e-6, better: 'lower' },
  ];
}

function scoreAlone(real: GreyImage, generated: GreyImage): SliceScores {
  const rssim = edgeSsim(canny(real), canny(generated), JOINT_ROW);
  return { psnr: psnr(real, generated), ssim: ssim(real, generated), rssim };
}

interface Rival {
  seconds: number;
  scores: SliceScores[];
  correlation: number;
}

async function scikitImage(file: string): Promise<Rival | null> {
  const python = process.env['OSTEOGRAPH_PYTHON'] ?? 'python3';
  const script = join(packageRoot, 'bench', 'metrics_rival.py');
  const args = [script, file, String(SLICES), String(SIDE), String(JOINT_ROW)];
  try {
    const { stdout } = await promisify(execFile)(python, args, { maxBuffer: 2 ** 24 });
    return JSON.parse(stdout) as Rival;
  } catch {
    return null;
  }
}

/** A slice with bones, a joint band, texture and noise; the generated one is shifted by a few pixels and smoother. */
function slice(index: number, variant: 0 | 1): GreyImage {
  const data = Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
    const y = Math.floor(at / SIDE) / SIDE - 0.5 - 0.01 * variant;
    const x = (at % SIDE) / SIDE - 0.5 + 0.01 * variant;
    const width = 0.2 + 0.06 * Math.sin(index / 8);
    const bone = Math.abs(x) < width - 0.3 * Math.max(0, Math.abs(y) - 0.15) ? 0.6 : 0;
    const joint = Math.abs(y - 0.03 * Math.cos(12 * x)) < 0.02 ? 0.5 : 0;
    const texture = (0.12 - 0.08 * variant) * Math.sin(97 * x + 31 * y + index) * Math.sin(71 * y);
    return Math.min(Math.max(0.7 - bone + joint + texture, 0), 1);
  });
  return { rows: SIDE, columns: SIDE, data };
}

function largestDifference(ours: readonly SliceScores[], theirs: readonly SliceScores[]): number {
  const keys = ['psnr', 'ssim', 'rssim'] as const;
  return Math.max(...ours.flatMap((score, index) => keys.map((key) => Math.abs(score[key] - theirs[index]![key]))));
}

function timed<T>(work: () => T): [seconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [(performance.now() - start) / 1000, result];
}
