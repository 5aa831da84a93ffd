import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { FEATURE_CODES, isFeatureCode, maxGrade } from '../domain/features.js';
import { isVisitCode, VISIT_CODES } from '../domain/visits.js';
import type { VisitCode } from '../domain/visits.js';
import type { KneeGrades } from '../oai/synthetic/grades.js';
import { FIRST_ID } from '../oai/synthetic/people.js';
import { readGradients } from '../imaging/superres/gradients.js';
import { writeRelease } from '../oai/synthetic/release.js';
import { IDEAL_GRADIENTS, SCANNER_NAMES, type ScannerName } from '../oai/synthetic/scanners.js';
import { progressBar } from './progress.js';

interface SynthOptions {
  readonly out: string;
  readonly participants: number;
  readonly imageParticipants?: number;
  readonly imagesOf?: readonly number[];
  readonly grade?: Partial<KneeGrades>;
  readonly redraw?: number;
  readonly visits: readonly VisitCode[];
  readonly seed: number;
  readonly compact: boolean;
  readonly filmsOnly: boolean;
  readonly filmPixel?: number;
  readonly tablesOnly: boolean;
  readonly scanner?: ScannerName;
  readonly coefficients?: string;
  readonly force: boolean;
  readonly jobs?: number;
}

/** `osteograph synth`: writes a synthetic OAI release, tables and DICOM. */
export function synthCommand(): Command {
  return new Command('synth')
    .description('write a synthetic OAI release: tables and DICOM images of invented knees')
    .requiredOption('-o, --out <folder>', 'folder to write, empty or new')
    .option('-n, --participants <count>', 'number of participants', wholeNumberBetween(1, 100_000), 12)
    .option(
      '--image-participants <count>',
      'make images of the first so many only (default: all)',
      wholeNumberBetween(0, 100_000),
    )
    .option('--images-of <ids>', 'make images of these participants only, such as 1000003,1000011', participantList)
    .option('--grade <code=grade>', 'set a grade in every knee, such as XRCYTM=1; may be given again', gradeSetting)
    .option(
      '--redraw <number>',
      'draw a third of the grades of each knee anew, for each number others: the same people with other findings',
      wholeNumberBetween(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--visits <list>', 'visits, such as V00,V03, or "all"', visitList, ['V00'])
    .option('--seed <number>', 'same seed, same bytes', wholeNumberBetween(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--compact', 'small images: MRI 256 x 256, film pixels 0.3 mm', false)
    .option('--films-only', 'films without MRI, in a fraction of the time', false)
    .option('--film-pixel <mm>', "size of the films' pixels, 0.1-2 (default: 0.2, compact 0.3)", millimetres)
    .option('--tables-only', 'no images', false)
    .addOption(
      new Option(
        '--scanner <field>',
        'MRI by a scanner of this field strength, with its contrast, voxels, noise, shading and distortion (default: images of 3 T without distortion)',
      ).choices(SCANNER_NAMES),
    )
    .option(
      '--coefficients <file.json>',
      'coefficients of the gradient coils of --scanner, see docs/tasks.md, or "ideal" for none (default: invented ones)',
    )
    .option('--force', 'write into a folder that holds something else', false)
    .option(
      '-j, --jobs <count>',
      'threads that draw images (default: one per core, at most 4)',
      wholeNumberBetween(1, 64),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ osteograph synth --out release --participants 6 --compact                 six people, small images
  $ osteograph synth --out tables --participants 4796 --visits all --tables-only  an OAI-size release without images
  $ osteograph synth --out follow-up --participants 2 --visits V00,V03        the same knees two years apart
  $ osteograph synth --out cysts --compact --images-of 1000003 --grade XRCYTM=1   the same knees, each with a cyst
  $ osteograph synth --out pairs --compact --redraw 1                         the same knees with other findings
  $ osteograph synth --out low --scanner 1.5T --coefficients ideal            with the next a pair of each knee, in register
  $ osteograph synth --out high --scanner 7T --coefficients ideal
  $ osteograph synth --out warped --scanner 1.5T                              distorted; "superres --coefficients warped/gradients.json" corrects it`,
    )
    .action(synth);
}

async function synth(options: SynthOptions): Promise<void> {
  const drawn = options.tablesOnly
    ? 0
    : Math.min(options.imageParticipants ?? options.participants, options.participants);
  const { imagesOf } = options;
  if (imagesOf?.some((index) => index >= drawn)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `--images-of names ${FIRST_ID + imagesOf.at(-1)!}; participants ${FIRST_ID} to ${FIRST_ID + drawn - 1} have images here.`,
    );
  }
  const images = imagesOf?.length ?? drawn;
  const { scanner, coefficients } = options;
  if (scanner !== undefined && (options.filmsOnly || options.tablesOnly)) {
    throw new UserError(
      'BAD_USER_INPUT',
      '--scanner says how MRI is taken; with --films-only or --tables-only none is.',
    );
  }
  if (coefficients !== undefined && scanner === undefined) {
    throw new UserError('BAD_USER_INPUT', '--coefficients are those of a scanner: name it by --scanner.');
  }
  const gradients =
    coefficients === undefined
      ? undefined
      : coefficients === 'ideal'
        ? IDEAL_GRADIENTS
        : (await readGradients(coefficients)).gradients;
  const parameters = {
    participants: options.participants,
    seed: options.seed,
    visits: options.visits,
    compact: options.compact,
    imageParticipants: drawn,
    ...(options.filmsOnly ? { filmsOnly: true as const } : {}),
    ...(options.filmPixel === undefined ? {} : { filmPixel: options.filmPixel }),
    ...(imagesOf ? { imagesOf } : {}),
    ...(options.grade ? { grades: options.grade } : {}),
    ...(options.redraw === undefined ? {} : { redraw: options.redraw }),
    ...(scanner === undefined ? {} : { scanner }),
    ...(gradients === undefined ? {} : { gradients }),
  };
  const bar = progressBar('drawing knees');
  bar.start(images, 'participants');
  try {
    const written = await writeRelease(parameters, {
      out: options.out,
      force: options.force,
      ...(options.jobs === undefined ? {} : { threads: options.jobs }),
      onParticipant: (done) => bar.update(done, 'participants'),
    });
    const what = `${options.participants} synthetic participants, images of ${images}, in ${options.out}`;
    process.stdout.write(written ? `Wrote ${what}.\n` : `Nothing to do: ${what} are there already.\n`);
  } finally {
    bar.stop();
  }
}

function wholeNumberBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`A whole number from ${min} to ${max} is accepted.`);
    }
    return value;
  };
}

/** Participants by their IDs, as places in the list of participants. */
function participantList(text: string): number[] {
  const ids = [...new Set(text.split(',').map((id) => id.trim()))];
  const wrong = ids.find((id) => !/^1\d{6}$/.test(id) || Number(id) < FIRST_ID);
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`"${wrong}" is not a synthetic participant: IDs from ${FIRST_ID} are accepted.`);
  }
  return ids.map((id) => Number(id) - FIRST_ID).sort((a, b) => a - b);
}

function gradeSetting(text: string, before: Partial<KneeGrades> = {}): Partial<KneeGrades> {
  const [code = '', grade = ''] = text.split('=');
  if (!isFeatureCode(code)) {
    throw new InvalidArgumentError(`"${code}" is not a feature: ${FEATURE_CODES.join(', ')} are accepted.`);
  }
  if (!/^\d$/.test(grade) || Number(grade) > maxGrade(code)) {
    throw new InvalidArgumentError(`${code} has grades 0 to ${maxGrade(code)}; "${grade}" is not one.`);
  }
  return { ...before, [code]: Number(grade) };
}

function millimetres(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0.1 && value <= 2)) {
    throw new InvalidArgumentError('A number of millimetres from 0.1 to 2 is accepted.');
  }
  return value;
}

function visitList(text: string): VisitCode[] {
  if (text === 'all') return [...VISIT_CODES];
  const codes = text.split(',').map((code) => code.trim());
  const unknown = codes.find((code) => !isVisitCode(code));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is not a visit: ${VISIT_CODES.join(', ')} or "all" are accepted.`);
  }
  return VISIT_CODES.filter((code) => codes.includes(code));
}
