import { basename, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { encodePng } from '../imaging/png.js';
import { pixelDigest } from '../imaging/dicom/made-film.js';
import { type Film, greyFactor, inWholeGreys, loadRadiograph } from '../imaging/radiograph/index.js';
import {
  aimInWords,
  encodeRestoredFilm,
  finishFilm,
  type PreparedFilm,
  prepareFilm,
  renderBeforeAfter,
  type RestorationAim,
  restorePrepared,
} from '../imaging/restoration/index.js';
import { type DeviceChoice, readBundleFor, startInferenceHost } from '../inference/index.js';
import { chooseBundle, deviceOption, modelsOption } from './choose-bundle.js';
import { wholeNumber } from './options.js';
import { assertWritable, putResult } from './out-folder.js';
import { progressBar } from './progress.js';

interface RestoreOptions {
  out: string;
  denoise?: true;
  sigma?: number;
  impulses?: number;
  upscale?: number;
  mask?: string;
  steps?: number;
  seed?: number;
  bundle?: string;
  models: string;
  device: DeviceChoice;
  threads?: number;
}

/** `osteograph restore`: one film to a restored one on disk, without a database. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('take noise off a radiograph, enlarge it or fill in what is hidden, without a database')
    .argument('<file>', 'radiograph: DICOM, PNG, TIFF or JPEG, of any size, 8 to 16 bits')
    .requiredOption('--out <dir>', 'folder for restored.png, before-after.png and, from a DICOM film, restored.dcm')
    .option('--denoise', 'take noise off')
    .option(
      '--sigma <number>',
      "with --denoise: deviation of the noise, 1/255 of the film's 5 to 99 % window (default: estimated)",
      positive('--sigma'),
    )
    .option('--impulses <percent>', 'with --denoise: share of pixels that are black or white', positive('--impulses'))
    .addOption(new Option('--upscale <factor>', 'enlarge: 2, 2.83, 4 or 8 times').argParser(positive('--upscale')))
    .option('--mask <file.png>', 'fill in what is not black in this image, which is as large as the film')
    .option('--steps <count>', "steps (default: the bundle's)", wholeNumber('--steps'))
    .option('--seed <number>', 'draw one likely film instead of their mean', wholeNumber('--seed'))
    .option('--bundle <name@version>', 'model, by name or folder (default: the newest in --models)')
    .addOption(modelsOption())
    .addOption(deviceOption())
    .option('--threads <count>', 'CPU threads (default: all)', wholeNumber('--threads'))
    .addHelpText(
      'after',
      `
The film keeps its grey scale and its 16 bits; one of 8 bits is stored as 16 with the same look. What a restored film adds is likely and was
not seen: it is marked SYNTHETIC. Not for clinical use.

Examples:
  $ osteograph restore film.dcm --denoise --out restored
  $ osteograph restore knee.png --denoise --sigma 25 --out restored
  $ osteograph restore knee.png --upscale 4 --out restored
  $ osteograph restore knee.png --mask hidden.png --out restored`,
    )
    .action(restore);
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const aim = await aimOf(options);
  await assertWritable(options.out);
  const film = inWholeGreys(await loadRadiograph(file));
  const bundleDir = await chooseBundle(options.models, options.bundle, 'image-restoration');
  const { manifest } = await readBundleFor(bundleDir, 'image-restoration');
  const prepared = prepareFilm(film, aim, manifest.restoration.window);
  const done = aimInWords(
    aim.kind === 'DENOISE' ? { ...aim, sigma: prepared.sigma, estimated: aim.sigma === undefined } : aim,
  );
  const host = await startInferenceHost({
    device: options.device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const bar = progressBar('Restoring');
  try {
    let began = false;
    const { rows, columns } = prepared;
    const { restored, summary } = await restorePrepared(host, prepared, {
      bundleDir,
      steps: options.steps,
      seed: options.seed,
      onProgress: ({ done, total }) => {
        if (!began) bar.start(total, 'tiles');
        began = true;
        bar.update(done, 'tiles');
      },
    });
    bar.stop();
    const { name, version } = manifest;
    const files = await filesOf(file, {
      film,
      prepared,
      restored,
      done: `${done}, ${name} ${version}`,
      bundle: { name, version },
    });
    await putResult(options.out, files, (entry) => OURS.includes(entry));
    const seconds = (summary.durationMs / 1000).toFixed(1);
    console.log(
      `Restored ${basename(file)} (${columns} x ${rows} pixels; ${done}) on ${summary.device} in ${seconds} s. SYNTHETIC: what it adds was not seen.`,
    );
    for (const written of files.keys()) console.log(`  ${join(options.out, written)}`);
  } finally {
    bar.stop();
    await host.close();
  }
}

/** @throws UserError BAD_USER_INPUT where not exactly one thing is asked for */
async function aimOf({ denoise, sigma, impulses, upscale, mask }: RestoreOptions): Promise<RestorationAim> {
  const asked = [denoise && '--denoise', upscale !== undefined && '--upscale', mask !== undefined && '--mask'].filter(
    Boolean,
  );
  if (asked.length !== 1) {
    const found = asked.length === 0 ? 'none is given' : `${asked.join(' and ')} are given`;
    throw new UserError('BAD_USER_INPUT', `One of --denoise, --upscale and --mask is needed; ${found}.`);
  }
  if (!denoise && (sigma !== undefined || impulses !== undefined)) {
    throw new UserError('BAD_USER_INPUT', '--sigma and --impulses say how noisy a film is; they go with --denoise.');
  }
  if (mask !== undefined) return { kind: 'INPAINT', mask: await loadRadiograph(mask) };
  if (upscale !== undefined) return { kind: 'UPSCALE', scale: upscale };
  return {
    kind: 'DENOISE',
    ...(sigma === undefined ? {} : { sigma }),
    ...(impulses === undefined ? {} : { impulses: impulses / 100 }),
  };
}

interface Restored {
  film: Film;
  prepared: PreparedFilm;
  restored: Float32Array;
  /** What was done, in words. */
  done: string;
  bundle: { name: string; version: string };
}

async function filesOf(
  file: string,
  { film, prepared, restored, done, bundle }: Restored,
): Promise<Map<string, Uint8Array>> {
  const { rows, columns, low, high } = prepared;
  const factor = greyFactor(film);
  const data = finishFilm(prepared, restored, factor);
  const comment = { Comment: `SYNTHETIC, restored by ${bundle.name} ${bundle.version}; what it adds was not seen` };
  const sheet = await renderBeforeAfter({
    title: basename(file),
    subtitle: done,
    before: { rows, columns, data: prepared.data },
    after: { rows, columns, data: Float32Array.from(data, (value) => (value / factor - low) / (high - low)) },
  });
  const files = new Map<string, Uint8Array>([
    ['restored.png', encodePng({ rows, columns, data }, comment)],
    ['before-after.png', sheet],
  ]);
  if (film.attributes) {
    const identity = ['film', pixelDigest(data), bundle.name, bundle.version, done];
    const header = { bundle, derivation: done, createdAt: new Date(), identity };
    files.set('restored.dcm', encodeRestoredFilm(film, { rows, columns, data }, header));
  }
  return files;
}

const OURS = ['restored.png', 'before-after.png', 'restored.dcm'];

function positive(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value;
    throw new InvalidArgumentError(`${name} must be a number above 0, got "${text}".`);
  };
}
