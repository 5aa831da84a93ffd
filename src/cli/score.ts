import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { slicesOfGenerated } from '../imaging/generated-volume.js';
import { decodeNifti } from '../imaging/nifti.js';
import { MODEL_SIZE, MODEL_SPACING_MM, trainedStack } from '../imaging/normalise.js';
import { type Backbone, type InferenceHost, openBackbone, startInferenceHost } from '../inference/index.js';
import {
  acutance,
  adjacentCorrelation,
  frechetDistance,
  type GreyImage,
  type GreyVolume,
  kernelDistance,
  multiScaleSsim,
  quartiles,
  type SetDistance,
  type SsimMode,
  VolumeScorer,
  volumePsnr,
  volumeSsim,
} from '../metrics/index.js';
import { wholeNumber } from './options.js';
import { progressBar } from './progress.js';

interface ScoreOptions {
  real: string[];
  generated: string[];
  ssim: SsimMode;
  fid?: string | true;
  kid?: string | true;
  lpips?: string | true;
  threads?: number;
  json?: boolean;
}

/** `osteograph score`: every metric of generated volumes against real ones, from files, without a database. */
export function scoreCommand(): Command {
  return new Command('score')
    .description('score generated volumes against real ones, NIfTI files on disk, without a database')
    .requiredOption('--real <files...>', 'coronal T1 series as .nii or .nii.gz')
    .requiredOption('--generated <files...>', 'volumes of osteograph generate, in the same order')
    .addOption(
      new Option('--ssim <mode>', 'window of SSIM: 7 x 7 uniform, or the Gaussian of Wang et al.')
        .choices(['skimage', 'wang'])
        .default('skimage'),
    )
    .option('--fid [network.onnx]', 'Frechet inception distance of all slices, with a network of yours')
    .option('--kid [network.onnx]', 'kernel inception distance of all slices, with a network of yours')
    .option('--lpips [network.onnx]', 'perceptual distance of each pair of slices, with a network of yours')
    .option('--threads <count>', 'CPU threads of the network (default: all)', wholeNumber('--threads'))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The real series is turned by its affine (sform, else qform) to coronal slices from posterior to anterior, cut to the depths of the
generated ones and scaled by its 99.5th percentile, as in the platform. docs/metrics.md says what each figure is. No network is shipped: FID and KID take images to features, LPIPS takes two images to their distance.

Examples:
  $ osteograph score --real real.nii.gz --generated volume/volume.nii.gz
  $ osteograph score --real a.nii.gz b.nii.gz --generated a/volume.nii.gz b/volume.nii.gz --kid inception.onnx --json`,
    )
    .action(score);
}

async function score(options: ScoreOptions): Promise<void> {
  const { real, generated, threads } = options;
  if (real.length !== generated.length) {
    throw new UserError(
      'BAD_USER_INPUT',
      `--real names ${real.length} files and --generated ${generated.length}; give as many of one as of the other, in the same order.`,
    );
  }
  // Refused before the first volume is read, not after the last.
  const host = options.fid || options.kid || options.lpips ? await startHost(threads) : undefined;
  try {
    const networks = {
      FID: await network(host, options.fid, 'FID'),
      KID: await network(host, options.kid, 'KID'),
      LPIPS: await network(host, options.lpips, 'LPIPS'),
    };
    const figures = new Figures();
    const all = { real: [] as GreyImage[], generated: [] as GreyImage[] };
    const bar = progressBar('Scoring');
    bar.start(generated.length);
    for (const [index, file] of generated.entries()) {
      const slices = await readGenerated(file);
      const stack = await readReal(real[index]!, slices.length);
      scorePair(figures, stack, slices, options.ssim);
      if (networks.LPIPS) figures.add('LPIPS', ...(await networks.LPIPS.distances(stack, slices)));
      all.real.push(...stack);
      all.generated.push(...slices);
      bar.update(index + 1, file);
    }
    bar.stop();
    const sets: Record<string, SetDistance & { network: string }> = {};
    for (const [metric, distance] of [['FID', frechetDistance] as const, ['KID', kernelDistance] as const]) {
      const backbone = networks[metric];
      if (!backbone) continue;
      const features = [await backbone.features(all.real), await backbone.features(all.generated)] as const;
      sets[metric] = { ...distance(...features), network: backbone.name };
    }
    print(figures, sets, options, networks.LPIPS);
  } finally {
    await host?.close();
  }
}

function startHost(threads: number | undefined): Promise<InferenceHost> {
  return startInferenceHost({ device: 'cpu', ...(threads === undefined ? {} : { threads }) });
}

async function network(
  host: InferenceHost | undefined,
  asked: string | true | undefined,
  metric: 'FID' | 'KID' | 'LPIPS',
): Promise<Backbone | undefined> {
  if (asked === undefined) return undefined;
  return openBackbone(host!, asked === true ? undefined : asked, metric);
}

/** Values of each metric: of every pair of slices, or of every volume. */
class Figures {
  readonly values = new Map<string, number[]>();

  add(metric: string, ...values: readonly number[]): void {
    this.values.set(metric, [...(this.values.get(metric) ?? []), ...values]);
  }
}

function scorePair(figures: Figures, real: GreyImage[], generated: GreyImage[], mode: SsimMode): void {
  const scorer = new VolumeScorer(real, mode);
  for (const [index, slice] of generated.entries()) {
    const { psnr, ssim, rssim } = scorer.score(index, slice);
    figures.add('PSNR, dB', psnr);
    figures.add('SSIM', ssim);
    figures.add('RSSIM', rssim);
    const { edgeF1, boneDice, sharpness } = scorer.kneeScores(index, slice, MODEL_SPACING_MM);
    // A real slice that shows no edge, bone or detail is no measure of them.
    if (edgeF1 !== null) figures.add('edge F1, joint', edgeF1);
    if (boneDice !== null) figures.add('bone Dice, joint', boneDice);
    if (sharpness !== null) figures.add('sharpness ratio', sharpness);
    figures.add('multi-scale SSIM', multiScaleSsim(real[index]!, slice));
    const detail = acutance(real[index]!, slice);
    // A constant real slice has no detail to show.
    if (!Number.isNaN(detail)) figures.add('acutance', detail);
  }
  const [a, b] = [asVolume(real), asVolume(generated)];
  figures.add('volume PSNR, dB', volumePsnr(a, b));
  if (real.length >= MIN_VOLUME[mode]) figures.add('volume SSIM', volumeSsim(a, b, mode));
  figures.add('adjacent correlation, real', adjacentCorrelation(real));
  figures.add('adjacent correlation, generated', adjacentCorrelation(generated));
}

/** Slices that one window of SSIM needs. */
const MIN_VOLUME: Record<SsimMode, number> = { skimage: 7, wang: 11 };

function asVolume(slices: GreyImage[]): GreyVolume {
  const data = new Float32Array(slices.length * MODEL_SIZE * MODEL_SIZE);
  slices.forEach((slice, index) => data.set(slice.data, index * MODEL_SIZE * MODEL_SIZE));
  return { slices: slices.length, rows: MODEL_SIZE, columns: MODEL_SIZE, data };
}

async function readReal(file: string, sliceCount: number): Promise<GreyImage[]> {
  const { volume } = await decodeNifti(await bytesOf(file), file);
  return trainedStack(volume, { sliceCount, name: file });
}

async function readGenerated(file: string): Promise<GreyImage[]> {
  const { volume } = await decodeNifti(await bytesOf(file), file);
  return slicesOfGenerated(volume, file);
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new UserError('FILE_REFUSED', `${file} cannot be read.`, { cause });
  });
}

function print(
  { values }: Figures,
  sets: Record<string, SetDistance & { network: string }>,
  { ssim, json, generated }: ScoreOptions,
  lpips: Backbone | undefined,
): void {
  const rows = [...values].map(([metric, all]) => ({ metric, count: all.length, ...quartiles(all) }));
  if (json) {
    const volumes = generated.length;
    console.log(JSON.stringify({ volumes, ssimMode: ssim, metrics: rows, sets, lpipsNetwork: lpips?.name ?? null }));
    return;
  }
  const width = Math.max(...rows.map(({ metric }) => metric.length));
  const cell = (value: number) => value.toFixed(3).padStart(9);
  console.log(`${'metric'.padEnd(width)}        n   lower    median    upper   (quartiles; SSIM mode ${ssim})`);
  for (const { metric, count, lower, median, upper } of rows) {
    console.log(`${metric.padEnd(width)} ${String(count).padStart(8)}${cell(lower)}${cell(median)}${cell(upper)}`);
  }
  for (const [metric, { value, realImages, generatedImages, network: name, warning }] of Object.entries(sets)) {
    console.log(
      `${metric} ${value.toFixed(5)} of ${realImages} real and ${generatedImages} generated slices, by ${name}`,
    );
    if (warning) console.log(`  ${warning}`);
  }
  if (lpips) console.log(`LPIPS by ${lpips.name}`);
}
