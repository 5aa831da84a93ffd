import { basename, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FEATURES, type Grades, isFeatureCode, isValidGrade, maxGrade } from '../domain/features.js';
import type { SquareBox } from '../domain/knee-box.js';
import { GRADE_GUIDANCE_RANGE, NOISE_MODES, type NoiseMode, SLICE_COUNT_RANGE } from '../domain/generations.js';
import type { Side } from '../domain/participants.js';
import {
  asItLies,
  encodeSlice,
  generatedSlice,
  generatedVolume,
  storedPixels,
  syntheticLabel,
} from '../imaging/generated-volume.js';
import { renderMontage } from '../imaging/montage.js';
import { encodeNifti } from '../imaging/nifti.js';
import { kneeBox, loadRadiograph, radiographInput } from '../imaging/radiograph/index.js';
import {
  type DeviceChoice,
  openDetector,
  readBundleFor,
  SAMPLERS,
  type SamplerName,
  startInferenceHost,
  xraySize,
} from '../inference/index.js';
import { adjacentCorrelation, type GreyImage } from '../metrics/index.js';
import { chooseBundle, chooseKneeDetector, deviceOption, modelsOption } from './choose-bundle.js';
import { box, side } from './knee-options.js';
import { wholeNumber } from './options.js';
import { assertWritable, putResult } from './out-folder.js';
import { progressBar } from './progress.js';

interface GenerateOptions {
  xray: string;
  side: Side;
  box?: SquareBox;
  out: string;
  kl?: number;
  feature: Grades;
  gradeGuidance: number;
  bundle?: string;
  slices: number;
  steps?: number;
  seed: number;
  sampler?: SamplerName;
  noise: NoiseMode;
  models: string;
  device: DeviceChoice;
  threads?: number;
}

/** `osteograph generate`: one radiograph file to one MRI volume on disk, without a database. */
export function generateCommand(): Command {
  return new Command('generate')
    .description('turn one knee radiograph into a synthetic MRI volume on disk, without a database')
    .requiredOption('--xray <file>', 'radiograph: DICOM, PNG, TIFF or JPEG, one knee or a bilateral film')
    .addOption(new Option('--side <R|L>', "the patient's knee").argParser(side).makeOptionMandatory())
    .option('--box <left,top,side>', 'square around the joint, film pixels (default: found on the film)', box)
    .requiredOption('--out <dir>', 'folder for volume.nii.gz, montage.png and slices/')
    .option('--kl <grade>', 'Kellgren-Lawrence grade, 0-4; without it the grade counts as missing', grade('XRKL'))
    .option('--feature <code=grade>', 'any of the 19 grades, e.g. XRCHL=1; repeatable', feature, {})
    .option(
      '--grade-guidance <factor>',
      'how strongly the grades pull: 0 leaves them out, 1 is as trained, at most 5',
      gradeGuidance,
      1,
    )
    .option('--bundle <name@version>', 'model, by name or folder (default: the newest in --models)')
    .option(
      '--slices <count>',
      `slices of the volume, ${SLICE_COUNT_RANGE.min}-${SLICE_COUNT_RANGE.max}, posterior to anterior`,
      wholeNumber('--slices'),
      50,
    )
    .option('--steps <count>', "denoiser steps (default: the bundle's)", wholeNumber('--steps'))
    .option('--seed <number>', 'same seed, same volume', wholeNumber('--seed'), 1)
    .addOption(new Option('--sampler <name>', "sampler (default: the bundle's)").choices(SAMPLERS))
    .addOption(
      new Option('--noise <mode>', 'one initial noise for all slices, or one each')
        .choices(NOISE_MODES)
        .default('SHARED'),
    )
    .addOption(modelsOption())
    .addOption(deviceOption())
    .option('--threads <count>', 'CPU threads (default: all)', wholeNumber('--threads'))
    .addHelpText(
      'after',
      `
Features: ${FEATURES.map(({ code }) => `${code} 0-${maxGrade(code)}`).join(', ')}

Examples:
  $ osteograph generate --xray knee.png --side R --kl 2 --out volume
  $ osteograph generate --xray film.dcm --side L --kl 2 --feature XRCHL=1 --slices 100 --out volume
  $ osteograph generate --xray film.dcm --side L --box 812,392,311 --out volume`,
    )
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  await assertWritable(options.out);
  const film = await loadRadiograph(options.xray);
  const bundleDir = await chooseBundle(options.models, options.bundle);
  const { manifest } = await readBundleFor(bundleDir, 'xray-to-mri');
  const host = await startInferenceHost({
    device: options.device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const slices: Uint16Array[] = [];
  const bar = progressBar('Generating');
  const steps = options.steps ?? manifest.sampler.steps;
  try {
    const kneeDetector = options.box ? undefined : await chooseKneeDetector(options.models);
    const detector = kneeDetector === undefined ? undefined : await openDetector(host, kneeDetector);
    const knee = await kneeBox(film, { side: options.side, box: options.box, detector, reframe: true });
    const xray = radiographInput(film, knee, options.side, xraySize(manifest));
    bar.start(options.slices * steps);
    const summary = await host.run(
      'xray-to-mri',
      {
        bundleDir,
        xray,
        grades: { ...(options.kl === undefined ? {} : { XRKL: options.kl }), ...options.feature },
        gradeGuidance: options.gradeGuidance,
        sliceCount: options.slices,
        steps,
        seed: options.seed,
        noise: options.noise,
        ...(options.sampler ? { sampler: options.sampler } : {}),
      },
      {
        onProgress: ({ firstSlice, lastSlice, step }) =>
          bar.update(firstSlice * steps + (lastSlice - firstSlice + 1) * step, `${slices.length} slices done`),
        onOutput: ({ index, image }) => {
          slices[index] = storedPixels(asItLies(image, options.side));
        },
      },
    );
    bar.stop();
    const images = slices.map(generatedSlice);
    const asItWas = radiographInput(film, knee, options.side);
    const files = await filesOf(options, syntheticLabel(manifest), asItWas, images, slices, [
      ['steps', `${summary.denoiserEvaluations}`],
      ['seed', `${options.seed}`],
      ...(options.gradeGuidance === 1 ? [] : [['grade guidance', `${options.gradeGuidance}`] as [string, string]]),
      ['device', summary.device],
      ['adjacent correlation', adjacentCorrelation(images).toFixed(3)],
    ]);
    await putResult(options.out, files, (entry) => OURS.includes(entry));
    const seconds = (summary.durationMs / 1000).toFixed(1);
    console.log(
      `Generated ${options.slices} slices on ${summary.device} in ${seconds} s. SYNTHETIC: not a patient image.`,
    );
    console.log(`  volume   ${join(options.out, 'volume.nii.gz')}`);
    console.log(`  montage  ${join(options.out, 'montage.png')}`);
    console.log(`  slices   ${join(options.out, 'slices')}/`);
  } finally {
    bar.stop();
    await host.close();
  }
}

async function filesOf(
  { side: knee, xray: file }: GenerateOptions,
  label: string,
  xray: Float32Array,
  images: GreyImage[],
  slices: Uint16Array[],
  facts: [string, string][],
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>([['volume.nii.gz', await encodeNifti(generatedVolume(slices), label)]]);
  const digits = String(slices.length - 1).length;
  for (const [index, data] of slices.entries()) {
    files.set(join('slices', `${String(index).padStart(digits, '0')}.png`), encodeSlice(data, label));
  }
  const montage = await renderMontage({
    title: `${basename(file)} · ${knee.toLowerCase()} knee`,
    subtitle: label,
    radiograph: asItLies(
      xray.map((value) => (value + 1) / 2),
      knee,
    ),
    generated: images,
    facts,
  });
  return files.set('montage.png', montage);
}

const OURS = ['volume.nii.gz', 'montage.png', 'slices'];

function grade(code: 'XRKL'): (text: string) => number {
  return (text) => feature(`${code}=${text}`, {})[code]!;
}

function gradeGuidance(text: string): number {
  const { min, max } = GRADE_GUIDANCE_RANGE;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value <= max) return value;
  throw new InvalidArgumentError(`--grade-guidance must be a number from ${min} to ${max}, got "${text}".`);
}

function feature(text: string, before: Grades): Grades {
  const [code = '', value = ''] = text.toUpperCase().split('=');
  if (!isFeatureCode(code)) {
    throw new InvalidArgumentError(
      `"${code}" is not a feature; accepted: ${FEATURES.map((known) => known.code).join(', ')}.`,
    );
  }
  if (value === '' || !isValidGrade(code, Number(value))) {
    throw new InvalidArgumentError(`${code} must be a grade from 0 to ${maxGrade(code)}, got "${value}".`);
  }
  return { ...before, [code]: Number(value) };
}
