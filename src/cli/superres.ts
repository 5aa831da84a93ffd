import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { assertFree, DICOM_FOLDER } from '../imaging/series/index.js';
import {
  fineSlices,
  planSuperres,
  readGradients,
  SUPERRES_NIFTI,
  superresInWords,
  THROUGH_PLANE,
  thinned,
  thinningShare,
  superresLabel,
  writeFineSeries,
} from '../imaging/superres/index.js';
import { type DeviceChoice, type InferenceHost, readBundleFor, type SuperResolver } from '../inference/index.js';
import { chooseBundle, deviceOption, modelsOption } from './choose-bundle.js';
import { wholeNumber } from './options.js';
import { assertWritable } from './out-folder.js';
import { reportFiles, workOnSeries } from './series-work.js';

interface SuperresOptions {
  scale: number;
  throughPlane?: number;
  out: string;
  coefficients?: string;
  bias?: true;
  teacher?: true;
  steps?: number;
  bundle?: string;
  models: string;
  device: DeviceChoice;
  threads?: number;
}

/** `osteograph superres`: one MRI series to a finer one on disk, without a database. */
export function superresCommand(): Command {
  return new Command('superres')
    .description('bring an MRI series to a finer grid, without a database')
    .argument('<series>', 'a folder with the DICOM files of one series, or a NIfTI file (.nii, .nii.gz)')
    .requiredOption('--scale <factor>', 'how many times as many pixels along rows and columns: 2, 2.67 or 4', scaleOf)
    .option(
      '--through-plane <factor>',
      'how many slices are made of each first, which takes memory for the series: 2',
      slicesOf,
    )
    .requiredOption('--out <dir>', `folder for ${SUPERRES_NIFTI} and ${DICOM_FOLDER}/`)
    .option(
      '--coefficients <file.json>',
      "unwarp by the coefficients of the scanner's gradient coils, see docs/tasks.md",
    )
    .option('--bias', 'estimate the shading of the coil from the series and divide by it')
    .option('--teacher', 'use the large network instead of the student of one step that was distilled from it')
    .option('--steps <count>', "steps of the teacher (default: the bundle's)", wholeNumber('--steps'))
    .option('--bundle <name@version>', 'model, by name or folder (default: the newest in --models)')
    .addOption(modelsOption())
    .addOption(deviceOption())
    .option('--threads <count>', 'CPU threads (default: all)', wholeNumber('--threads'))
    .addHelpText(
      'after',
      `
The series keeps its values' scale and 16 bits, its study and its frame of reference; it gets a series UID of its own and is marked
SYNTHETIC: what a fine series adds is likely and was not seen. --coefficients wants a series that the scanner has not corrected itself,
placed about the isocentre. Not for clinical use.

Examples:
  $ osteograph superres series/ --scale 2 --out fine
  $ osteograph superres knee.nii.gz --scale 2.67 --bias --out fine
  $ osteograph superres series/ --scale 2 --through-plane 2 --out fine
  $ osteograph superres series/ --scale 4 --coefficients scanner.json --teacher --out fine`,
    )
    .action(superres);
}

async function superres(path: string, options: SuperresOptions): Promise<void> {
  const { scale, out, teacher, steps } = options;
  await assertFree(out, SUPERRES_NIFTI, path);
  await assertWritable(out);
  const network: SuperResolver = teacher ? 'teacher' : 'student';
  const read = options.coefficients === undefined ? undefined : await readGradients(options.coefficients);
  const gradients = read?.gradients;
  const bundleDir = await chooseBundle(options.models, options.bundle, 'mri-super-resolution');
  const { manifest, sha256 } = await readBundleFor(bundleDir, 'mri-super-resolution');
  const { name, version } = manifest;
  const throughPlane = options.throughPlane !== undefined;
  const aim = { scale, throughPlane, gradients, bias: options.bias === true };
  const derivation = superresInWords(aim, network);
  const run = (host: InferenceHost, signal: AbortSignal) => ({ host, bundleDir, network, steps, signal });
  const { result, seconds } = await workOnSeries(
    { label: 'Super-resolving', path, device: options.device, threads: options.threads },
    ({ series, looked }) => planSuperres(series, aim, manifest, looked),
    async (looked, { host, signal, from, identity, made }) => {
      const { slices: all } = looked.series;
      const share = thinningShare(looked);
      const plan = await thinned(looked, manifest, {
        ...run(host, signal),
        onPlane: ({ index, total }) => made(Math.floor((share * (index + 1) * all) / total)),
      });
      const slices = fineSlices(plan, run(host, signal));
      const header = {
        ...{ bundle: { name, version }, derivation, label: superresLabel(manifest), createdAt: new Date() },
        identity: [identity, name, version, sha256, derivation, JSON.stringify(gradients ?? null), steps ?? ''],
        comment: JSON.stringify({
          synthetic: true,
          bundle: { name, version, sha256 },
          source: from,
          derivation,
          coefficients: read?.digest,
        }),
      };
      await writeFineSeries(plan, slices, out, header, (done) =>
        made(Math.ceil((share + ((1 - share) * done) / plan.fine.slices) * all)),
      );
      return plan.fine;
    },
  );
  const { slices, columns, rows } = result;
  const spacing = result.spacing.map((side) => Number(side.toPrecision(4))).join(' x ');
  console.log(
    `Super-resolved ${basename(path)}: ${slices} slices of ${columns} x ${rows} pixels, ${spacing} mm (${derivation}, ` +
      `${name} ${version}) in ${seconds} s. SYNTHETIC: what it adds was not seen.`,
  );
  reportFiles(out, SUPERRES_NIFTI);
}

/** Twice is what was measured. */
function slicesOf(text: string): number {
  if (text !== String(THROUGH_PLANE)) {
    throw new InvalidArgumentError(`--through-plane takes ${THROUGH_PLANE}, got "${text}".`);
  }
  return THROUGH_PLANE;
}

/** A factor; 2.67 stands for the 8/3 between the usual grids of 1.5 and 7 T. */
function scaleOf(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !(value > 1)) {
    throw new InvalidArgumentError(`--scale must be a number above 1, got "${text}".`);
  }
  return text === '2.67' ? 8 / 3 : value;
}
