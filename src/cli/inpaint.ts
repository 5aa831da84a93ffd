import { basename } from 'node:path';
import { Command } from 'commander';
import {
  INPAINTED_NIFTI,
  inpaintedSlices,
  inpaintingInWords,
  inpaintingLabel,
  openMask,
  planInpainting,
  writeInpaintedSeries,
} from '../imaging/inpainting/index.js';
import { assertFree, DICOM_FOLDER } from '../imaging/series/index.js';
import { type DeviceChoice, readBundleFor } from '../inference/index.js';
import { chooseBundle, deviceOption, modelsOption } from './choose-bundle.js';
import { wholeNumber } from './options.js';
import { assertWritable } from './out-folder.js';
import { reportFiles, workOnSeries } from './series-work.js';

interface InpaintOptions {
  mask: string;
  out: string;
  steps?: number;
  bundle?: string;
  models: string;
  device: DeviceChoice;
  threads?: number;
}

/** `osteograph inpaint`: what a mask hides in one MRI series filled in, on disk, without a database. */
export function inpaintCommand(): Command {
  return new Command('inpaint')
    .description('fill in what a mask hides in an MRI series, without a database')
    .argument('<series>', 'a folder with the DICOM files of one series, or a NIfTI file (.nii, .nii.gz)')
    .requiredOption('--mask <file.nii.gz>', 'NIfTI file on the grid of the series, above 0 where it is to be filled in')
    .requiredOption('--out <dir>', `folder for ${INPAINTED_NIFTI} and ${DICOM_FOLDER}/`)
    .option('--steps <count>', "steps of the network (default: the bundle's)", wholeNumber('--steps'))
    .option('--bundle <name@version>', 'model, by name or folder (default: the newest in --models)')
    .addOption(modelsOption())
    .addOption(deviceOption())
    .option('--threads <count>', 'CPU threads (default: all)', wholeNumber('--threads'))
    .addHelpText(
      'after',
      `
Metal, a cut edge of the field of view, whole lost slices: a slice is filled in from what is seen of it and of two slices on either side.
Outside of the mask every value stays as it is, and a NIfTI series keeps its header and type. The made series gets a series UID of its own and
is marked SYNTHETIC: what is filled in is likely and was not seen. Not for clinical use.

Examples:
  $ osteograph inpaint series/ --mask metal.nii.gz --out filled
  $ osteograph inpaint knee.nii.gz --mask lost.nii.gz --out filled`,
    )
    .action(inpaint);
}

async function inpaint(path: string, options: InpaintOptions): Promise<void> {
  const { out, steps } = options;
  await assertFree(out, INPAINTED_NIFTI, path);
  await assertWritable(out);
  const bundleDir = await chooseBundle(options.models, options.bundle, 'mri-inpainting');
  const { manifest, sha256 } = await readBundleFor(bundleDir, 'mri-inpainting');
  const { name, version } = manifest;
  const { result, seconds } = await workOnSeries(
    { label: 'Filling in', path, device: options.device, threads: options.threads },
    async ({ series, keep, looked }) =>
      planInpainting(series, keep(await openMask(options.mask, series)), manifest, looked),
    async (plan, { host, signal, from, identity, made }) => {
      const derivation = inpaintingInWords(plan);
      const slices = inpaintedSlices(plan, { host, bundleDir, steps, signal });
      const header = {
        ...{ bundle: { name, version }, derivation, label: inpaintingLabel(manifest), createdAt: new Date() },
        identity: [identity, name, version, sha256, plan.digest, steps ?? ''],
        comment: JSON.stringify({
          ...{ synthetic: true, bundle: { name, version, sha256 }, source: from, derivation },
          mask: { sha256: plan.digest },
        }),
      };
      await writeInpaintedSeries(plan, slices, out, header, made);
      return derivation;
    },
  );
  console.log(
    `Inpainted ${basename(path)}: ${result} (${name} ${version}) in ${seconds} s. SYNTHETIC: what it adds was not seen.`,
  );
  reportFiles(out, INPAINTED_NIFTI);
}
