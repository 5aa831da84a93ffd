import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import type { Side } from '../domain/participants.js';
import { slicesOfGenerated } from '../imaging/generated-volume.js';
import { decodeNifti } from '../imaging/nifti.js';
import { trainedStack } from '../imaging/normalise.js';
import {
  type Backbone,
  type InferenceHost,
  type KneeDetector,
  openBackbone,
  openDetector,
  startInferenceHost,
} from '../inference/index.js';
import { frechetDistance, type GreyImage, kernelDistance, type SetDistance, type SsimMode } from '../metrics/index.js';
import { chooseKneeDetector, modelsOption } from './choose-bundle.js';
import { side } from './knee-options.js';
import { wholeNumber } from './options.js';
import { progressBar } from './progress.js';
import { Figures, scoreFilm, scoreJointSpace, scorePair } from './score-figures.js';

interface ScoreOptions {
  real?: string[];
  generated: string[];
  film?: string[];
  side?: Side;
  models: string;
  ssim: SsimMode;
  fid?: string | true;
  kid?: string | true;
  lpips?: string | true;
  threads?: number;
  json?: boolean;
}

/** `osteograph score`: every metric of generated volumes against real ones, or against their films, from files, without a database. */
export function scoreCommand(): Command {
  return new Command('score')
    .description('score generated volumes against real ones or their films, files on disk, without a database')
    .requiredOption('--generated <files...>', 'volumes of osteograph generate')
    .option('--real <files...>', 'coronal T1 series as .nii or .nii.gz, in the same order')
    .option('--film <files...>', 'the films that they were made from, in the same order; needs --side')
    .addOption(
      new Option('--side <R|L>', 'the knee, of every file: what --film and the joint space need').argParser(side),
    )
    .addOption(modelsOption())
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
generated ones and scaled by its 99.5th percentile, as in the platform. docs/metrics.md says what each figure is. Beside them stand those of the real
series mirrored, three slices away, and of black: a figure that does not beat them says nothing about the knee. Without a real series, --film says whether a
volume shows the joint of its film. No network is shipped: FID and KID take images to features, LPIPS takes two images to their distance.

Examples:
  $ osteograph score --real real.nii.gz --generated volume/volume.nii.gz
  $ osteograph score --film knee.png --side R --generated volume/volume.nii.gz
  $ osteograph score --real a.nii.gz b.nii.gz --generated a/volume.nii.gz b/volume.nii.gz --kid inception.onnx --json`,
    )
    .action(score);
}

async function score(options: ScoreOptions): Promise<void> {
  const { real, generated, film, threads } = options;
  refuseUnmatched(options);
  // Refused before the first volume is read, not after the last.
  const host = film || options.fid || options.kid || options.lpips ? await startHost(threads) : undefined;
  try {
    const networks = {
      FID: await network(host, options.fid, 'FID'),
      KID: await network(host, options.kid, 'KID'),
      LPIPS: await network(host, options.lpips, 'LPIPS'),
    };
    const detector = film ? await openFoundDetector(host!, options.models) : undefined;
    const figures = new Figures();
    const all = { real: [] as GreyImage[], generated: [] as GreyImage[] };
    const bar = progressBar('Scoring');
    bar.start(generated.length);
    for (const [index, file] of generated.entries()) {
      const slices = await readGenerated(file);
      if (film) await scoreFilm(figures, film[index]!, { side: options.side!, detector, slices });
      if (real) {
        const stack = await readReal(real[index]!, slices.length);
        scorePair(figures, stack, slices, options.ssim);
        if (options.side) scoreJointSpace(figures, stack, slices, options.side);
        if (networks.LPIPS) figures.add('LPIPS', ...(await networks.LPIPS.distances(stack, slices)));
        all.real.push(...stack);
        all.generated.push(...slices);
      }
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

/** @throws UserError BAD_USER_INPUT where files do not belong to each other */
function refuseUnmatched({ real, film, generated, side: knee, fid, kid, lpips }: ScoreOptions): void {
  const refuse = (message: string) => {
    throw new UserError('BAD_USER_INPUT', message);
  };
  if (!real && !film) refuse('Give --real, --film, or both: there is nothing to hold the volumes to.');
  for (const [name, files] of Object.entries({ real, film })) {
    if (files && files.length !== generated.length) {
      refuse(
        `--${name} names ${files.length} files and --generated ${generated.length}; give as many of one as of the other, in the same order.`,
      );
    }
  }
  if (film && !knee) refuse('--film needs --side, R or L: which knee the films show.');
  if (!real && (fid || kid || lpips)) refuse('--fid, --kid and --lpips compare with real slices; give --real.');
}

async function openFoundDetector(host: InferenceHost, models: string): Promise<KneeDetector | undefined> {
  const found = await chooseKneeDetector(models);
  return found === undefined ? undefined : openDetector(host, found);
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
  figures: Figures,
  sets: Record<string, SetDistance & { network: string }>,
  { ssim, json, generated }: ScoreOptions,
  lpips: Backbone | undefined,
): void {
  const rows = figures.spreads();
  const references = figures.referenceSpreads();
  if (json) {
    const volumes = generated.length;
    const lpipsNetwork = lpips?.name ?? null;
    console.log(JSON.stringify({ volumes, ssimMode: ssim, metrics: rows, references, sets, lpipsNetwork }));
    return;
  }
  const width = Math.max(...rows.map(({ metric }) => metric.length));
  const cell = (value: number) => value.toFixed(3).padStart(9);
  console.log(`${'metric'.padEnd(width)}        n   lower    median    upper   (quartiles; SSIM mode ${ssim})`);
  for (const { metric, count, lower, median, upper } of rows) {
    console.log(`${metric.padEnd(width)} ${String(count).padStart(8)}${cell(lower)}${cell(median)}${cell(upper)}`);
  }
  for (const { reference, metrics } of references) {
    const medians = metrics.map(({ metric, median }) => `${metric} ${median.toFixed(3)}`);
    console.log(`  ${reference}: ${medians.join('   ')}`);
  }
  for (const [metric, { value, realImages, generatedImages, network: name, warning }] of Object.entries(sets)) {
    console.log(
      `${metric} ${value.toFixed(5)} of ${realImages} real and ${generatedImages} generated slices, by ${name}`,
    );
    if (warning) console.log(`  ${warning}`);
  }
  if (lpips) console.log(`LPIPS by ${lpips.name}`);
}
