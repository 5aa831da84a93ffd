import { Command, InvalidArgumentError } from 'commander';
import { isVisitCode, VISIT_CODES } from '../domain/visits.js';
import type { VisitCode } from '../domain/visits.js';
import { writeRelease } from '../oai/synthetic/release.js';
import { progressBar } from './progress.js';

interface SynthOptions {
  readonly out: string;
  readonly participants: number;
  readonly imageParticipants?: number;
  readonly visits: readonly VisitCode[];
  readonly seed: number;
  readonly compact: boolean;
  readonly filmsOnly: boolean;
  readonly filmPixel?: number;
  readonly tablesOnly: boolean;
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
    .option('--visits <list>', 'visits, such as V00,V03, or "all"', visitList, ['V00'])
    .option('--seed <number>', 'same seed, same bytes', wholeNumberBetween(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--compact', 'small images: MRI 256 x 256, film pixels 0.3 mm', false)
    .option('--films-only', 'films without MRI, in a fraction of the time', false)
    .option('--film-pixel <mm>', "size of the films' pixels, 0.1-2 (default: 0.2, compact 0.3)", millimetres)
    .option('--tables-only', 'no images', false)
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
  $ osteograph synth --out follow-up --participants 2 --visits V00,V03        the same knees two years apart`,
    )
    .action(synth);
}

async function synth(options: SynthOptions): Promise<void> {
  const images = options.tablesOnly
    ? 0
    : Math.min(options.imageParticipants ?? options.participants, options.participants);
  const parameters = {
    participants: options.participants,
    seed: options.seed,
    visits: options.visits,
    compact: options.compact,
    imageParticipants: images,
    ...(options.filmsOnly ? { filmsOnly: true as const } : {}),
    ...(options.filmPixel === undefined ? {} : { filmPixel: options.filmPixel }),
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
