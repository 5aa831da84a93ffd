import { basename, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { SquareBox } from '../domain/knee-box.js';
import { codeVersion } from '../domain/package.js';
import type { Side } from '../domain/participants.js';
import { AFFECTED_COMPARTMENTS, type AffectedCompartment, FRAME_COUNT } from '../domain/progressions.js';
import { encodePng } from '../imaging/png.js';
import {
  checkWish,
  encodeMoving,
  encodeProgression,
  frameGreys,
  frameTable,
  movingFrame,
  type ProgressionFrame,
  progressionFrames,
  type ProgressionWish,
  renderCurve,
  type TracedKnee,
  traceKnee,
} from '../imaging/progression/index.js';
import { pixelDigest } from '../imaging/dicom/made-film.js';
import { type Film, greyFactor, inWholeGreys, loadRadiograph } from '../imaging/radiograph/index.js';
import {
  type DeviceChoice,
  type InferenceHost,
  openDetector,
  openGrader,
  readBundleFor,
  startInferenceHost,
} from '../inference/index.js';
import { chooseBundle, chooseKneeDetector, deviceOption, modelsOption } from './choose-bundle.js';
import { box, side } from './knee-options.js';
import { wholeNumber } from './options.js';
import { assertWritable, putResult } from './out-folder.js';
import { progressBar } from './progress.js';

const FORMATS = ['png', 'gif', 'mp4', 'dicom'] as const;
type Format = (typeof FORMATS)[number];

interface ProgressOptions {
  xray: string;
  side: Side;
  out: string;
  kl: number;
  from?: number;
  compartment: AffectedCompartment;
  frames: number;
  format: Format[];
  box?: SquareBox;
  bundle?: string;
  models: string;
  device: DeviceChoice;
  threads?: number;
}

/** `osteograph progress`: one knee at other KL grades, frame by frame, without a database. */
export function progressCommand(): Command {
  const { least, most, usual } = FRAME_COUNT;
  return new Command('progress')
    .description('show a knee film at other KL grades, frame by frame, without a database')
    .requiredOption('--xray <file>', 'radiograph: DICOM, PNG, TIFF or JPEG, one knee or a bilateral film, 8 to 16 bits')
    .addOption(
      new Option('--side <R|L>', "the patient's knee, which tells medial from lateral")
        .argParser(side)
        .makeOptionMandatory(),
    )
    .requiredOption('--out <dir>', 'folder for the frames, curve.png, curve.csv and provenance.json')
    .option('--kl <0-4>', 'KL grade of the last frame, worse or better than the film', wholeNumber('--kl'), 4)
    .option('--from <0-4>', "the film's own KL grade (default: as the grader reads it)", wholeNumber('--from'))
    .addOption(
      new Option('--compartment <name>', 'which part of the joint closes or opens: medial, lateral or both')
        .argParser(compartment)
        .default('MEDIAL', 'medial'),
    )
    .option(
      '--frames <count>',
      `frames, the film itself among them: ${least} to ${most}`,
      wholeNumber('--frames'),
      usual,
    )
    .addOption(
      new Option('--format <names>', 'png, gif, mp4, dicom, or several with commas between them')
        .argParser(formats)
        .default(['png'], 'png'),
    )
    .option('--box <left,top,side>', 'square around the joint, film pixels (default: found on the film)', box)
    .option('--bundle <name@version>', 'model, by name or folder (default: the newest in --models)')
    .addOption(modelsOption())
    .addOption(deviceOption())
    .option('--threads <count>', 'CPU threads (default: all)', wholeNumber('--threads'))
    .addHelpText(
      'after',
      `
The joint closes (or opens) as far as films of the wished grade have it, by a smooth field that cannot fold, and a network adds what that
grade adds to the bone near it. Frames show the knee's square in the film's own pixels and grey scale; one of 8 bits is stored as 16 with the
same look. curve.csv holds joint space, expected KL grade and the field's least Jacobian of every frame, as measured on the frame. No frame
but the first was ever seen: they are marked SYNTHETIC. They say nothing of what will become of a knee. Not for clinical use.

Examples:
  $ osteograph progress --xray knee.png --side R --out worse
  $ osteograph progress --xray film.dcm --side L --kl 0 --format png,dicom --out better
  $ osteograph progress --xray knee.png --side R --compartment lateral --frames 17 --format gif,mp4 --out lateral`,
    )
    .action(progress);
}

async function progress(options: ProgressOptions): Promise<void> {
  const wish: ProgressionWish = {
    wished: options.kl,
    affected: options.compartment,
    frames: options.frames,
    own: options.from,
  };
  checkWish(wish);
  await assertWritable(options.out);
  const film = inWholeGreys(await loadRadiograph(options.xray));
  const bundleDir = await chooseBundle(options.models, options.bundle, 'xray-progression');
  const { manifest, sha256 } = await readBundleFor(bundleDir, 'xray-progression');
  const graderDir = await chooseBundle(options.models, undefined, 'radiograph-reading');
  const host = await startInferenceHost({
    device: options.device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const bar = progressBar('Progressing');
  try {
    const began = performance.now();
    const grader = await openGrader(host, graderDir);
    const detector = await kneeDetector(host, options);
    const knee = await traceKnee(
      { film, side: options.side, box: options.box, detector, grader },
      manifest.progression.window,
    );
    bar.start(wish.frames, 'frames');
    const frames: ProgressionFrame[] = [];
    const settings = manifest.progression;
    for await (const frame of progressionFrames(host, knee, wish, { bundleDir, settings, grader })) {
      frames.push(frame);
      bar.update(frames.length, 'frames');
    }
    const made: Made = {
      ...{ film, knee, frames, wish, options },
      bundle: { name: manifest.name, version: manifest.version, sha256 },
      grader: grader.bundle,
    };
    const files = await filesOf(made);
    bar.stop();
    await putResult(options.out, files, (entry) => OURS.test(entry));
    report(made, files, (performance.now() - began) / 1000);
  } finally {
    bar.stop();
    await host.close();
  }
}

interface Made {
  film: Film;
  knee: TracedKnee;
  frames: readonly ProgressionFrame[];
  wish: ProgressionWish;
  options: ProgressOptions;
  bundle: { name: string; version: string; sha256: string };
  grader: { name: string; version: string; sha256: string };
}

/** Everything is made before anything is written, so that a fault leaves nothing behind. */
async function filesOf(made: Made): Promise<Map<string, Uint8Array | string>> {
  const { film, knee, frames, options, bundle } = made;
  const { side } = knee.box;
  const files = new Map<string, Uint8Array | string>();
  const factor = greyFactor(film);
  const greys = frames.map(({ pixels }) => frameGreys(pixels, factor));
  const madeBy = `${bundle.name} ${bundle.version}`;
  if (options.format.includes('png')) {
    for (const { index } of frames) {
      const comment = index === 0 ? {} : { Comment: `SYNTHETIC, made by ${madeBy}; what it shows was not seen` };
      files.set(frameName(index), encodePng({ rows: side, columns: side, data: greys[index]! }, comment));
    }
  }
  if (options.format.includes('gif') || options.format.includes('mp4')) {
    const moving = await Promise.all(frames.map((frame) => movingFrame(knee, frame)));
    for (const kind of ['gif', 'mp4'] as const) {
      if (!options.format.includes(kind)) continue;
      const pixels = moving.map(({ rgba }) => rgba);
      files.set(`progression.${kind}`, await encodeMoving(kind, pixels, moving[0]!.side));
    }
  }
  const provenance = provenanceOf(made);
  if (options.format.includes('dicom')) {
    const header = {
      bundle,
      derivation: inWords(made),
      createdAt: new Date(),
      identity: ['film', pixelDigest(...greys), bundle.sha256, JSON.stringify(provenance.asked)],
      provenance: JSON.stringify(provenance),
    };
    files.set('progression.dcm', encodeProgression(greys, { side, spacing: film.pixelSpacing }, header));
  }
  const curve = { title: basename(options.xray), subtitle: `${inWords(made)}, ${madeBy}` };
  files.set('curve.png', await renderCurve(frames, curve));
  files.set('curve.csv', frameTable(frames, mmAcross(made)));
  files.set('provenance.json', `${JSON.stringify(provenance, null, 2)}\n`);
  return files;
}

/** What earlier runs may have left: as many frames as they had, in the formats that they had. */
const OURS = /^(?:frame-\d+\.png|progression\.(?:gif|mp4|dcm)|curve\.(?:png|csv)|provenance\.json)$/;

function report(made: Made, files: ReadonlyMap<string, unknown>, seconds: number): void {
  const { frames, knee, options } = made;
  const [first, last] = [frames[0]!, frames.at(-1)!];
  const width = ({ jsw }: ProgressionFrame) => (jsw === null ? 'not traced' : `${jsw.toFixed(2)} %`);
  console.log(
    `${basename(options.xray)}: ${knee.side.toLowerCase()} knee, ${inWords(made)}, ${frames.length} frames in ${seconds.toFixed(1)} s. SYNTHETIC: only the first was seen.`,
  );
  console.log(`  joint space    ${width(first)} of the knee's width to ${width(last)}`);
  console.log(
    `  expected KL    ${first.expectedKl.toFixed(2)} to ${last.expectedKl.toFixed(2)}, as the grader reads them`,
  );
  for (const name of files.keys()) console.log(`  ${join(options.out, name)}`);
}

/** What was asked and what it was made with: enough to make it again. */
function provenanceOf({ film, knee, wish, frames, bundle, grader }: Made) {
  return {
    synthetic: true,
    asked: { ...wish, own: wish.own ?? knee.kl, side: knee.side, box: knee.box },
    readAs: { kl: knee.kl, expectedKl: knee.expectedKl },
    film: { name: film.name, rows: film.rows, columns: film.columns, pixelSpacing: film.pixelSpacing },
    ...{ bundle, grader, code: codeVersion() },
    frames: frames.map(({ pixels: _, ...frame }) => frame),
  };
}

function inWords({ knee, wish }: Made): string {
  const where = wish.affected === 'BOTH' ? 'both compartments' : `${wish.affected.toLowerCase()} compartment`;
  return `KL ${wish.own ?? knee.kl} to ${wish.wished}, ${where}`;
}

function mmAcross({ knee }: Made): number | null {
  const spacing = knee.pixelSpacing?.[1];
  return spacing === undefined ? null : spacing * knee.box.side;
}

function frameName(index: number): string {
  return `frame-${String(index).padStart(2, '0')}.png`;
}

async function kneeDetector(host: InferenceHost, { box: square, models }: ProgressOptions) {
  const directory = square ? undefined : await chooseKneeDetector(models);
  return directory === undefined ? undefined : openDetector(host, directory);
}

function compartment(text: string): AffectedCompartment {
  const found = AFFECTED_COMPARTMENTS.find((name) => name === text.toUpperCase());
  if (!found) throw new InvalidArgumentError('It must be medial, lateral or both.');
  return found;
}

function formats(text: string): Format[] {
  const names = text.split(',');
  const wrong = names.find((name) => !FORMATS.some((format) => format === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`It must be of ${FORMATS.join(', ')}, got "${wrong}".`);
  return FORMATS.filter((format) => names.includes(format));
}
