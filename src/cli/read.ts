import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { type KneeReading, READING_NOTICE } from '../domain/film-readings.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';
import { type Film, filmView, loadRadiograph, readKnees } from '../imaging/radiograph/index.js';
import { gradeText, renderReadings, widthText } from '../imaging/reading-overlay.js';
import { type KneeDetector, openDetector, openGrader, startInferenceHost } from '../inference/index.js';
import { filmSide, sideInWords } from '../oai/index.js';
import { chooseBundle, chooseKneeDetector, modelsOption } from './choose-bundle.js';
import { box, side } from './knee-options.js';

interface ReadOptions {
  side?: Side;
  box?: SquareBox;
  json: boolean;
  overlay?: string;
  bundle?: string;
  models: string;
}

/** `osteograph read`: the KL grade and joint space of the knees on a film, without a database. */
export function readCommand(): Command {
  return new Command('read')
    .description('read KL grade and joint space width off a knee radiograph, without a database')
    .argument('<file>', 'radiograph: DICOM, PNG, TIFF or JPEG, one knee or a bilateral film')
    .addOption(
      new Option(
        '--side <R|L>',
        "the patient's knee: which one a film of one knee shows, or the only one to read of a bilateral film",
      ).argParser(side),
    )
    .option(
      '--box <left,top,side>',
      'square around the joint, film pixels (default: found on the film); needs --side',
      box,
    )
    .option('--json', 'print one JSON object instead of lines', false)
    .option('--overlay <file.png>', 'draw the knees with the traced edges of the joint')
    .option('--bundle <name@version>', 'grader, by name or folder (default: the newest in --models)')
    .addOption(modelsOption())
    .addHelpText(
      'after',
      `
Both knees of a bilateral film are read. Widths are in mm where the file says how large its pixels are (DICOM), else in % of the width of
the crop around the knee. A knee that looks like none of the films of the grader's training is not read, and the exit code is 1 when none is.
${READING_NOTICE}

Examples:
  $ osteograph read film.dcm
  $ osteograph read knee.png --side R --overlay knee-read.png
  $ osteograph read film.dcm --side L --json | jq .readings[0].probabilities`,
    )
    .action(read);
}

async function read(file: string, options: ReadOptions): Promise<void> {
  const film = await loadRadiograph(file);
  const bundleDir = await chooseBundle(options.models, options.bundle, 'radiograph-reading');
  const host = await startInferenceHost({ device: 'cpu' });
  try {
    const grader = await openGrader(host, bundleDir);
    const kneeDetector = options.box ? undefined : await chooseKneeDetector(options.models);
    const detector = kneeDetector === undefined ? undefined : await openDetector(host, kneeDetector);
    const sides = await sidesToRead(film, options, detector);
    const readings = await readKnees(film, { sides, box: options.box, detector, grader });
    const { name, version } = grader.bundle;
    if (options.overlay !== undefined) {
      await writeFile(options.overlay, await renderReadings(film, readings, `${name} ${version}`));
    }
    if (options.json)
      console.log(JSON.stringify({ file, bundle: grader.bundle, notice: READING_NOTICE, readings }, null, 2));
    else print(file, readings, `${name} ${version}`);
    if (readings.every(({ unreadable }) => unreadable !== null)) process.exitCode = 1;
  } finally {
    await host.close();
  }
}

/** @throws UserError BAD_USER_INPUT for a film of one knee that does not say which, or a box without a side */
async function sidesToRead(
  film: Film,
  { side: asked, box: square }: ReadOptions,
  detector: KneeDetector | undefined,
): Promise<Side[]> {
  if (asked) return [asked];
  if (square) throw new UserError('BAD_USER_INPUT', '--box needs --side: say which knee it is around.');
  if ((await filmView(film, detector)) === 'BILATERAL') return ['RIGHT', 'LEFT'];
  const { laterality, seriesDescription } = film.attributes ?? {};
  const known = sideInWords(laterality ?? '') ?? filmSide(seriesDescription ?? '');
  if (known) return [known];
  throw new UserError(
    'BAD_USER_INPUT',
    `${film.name} does not say which knee it shows; give --side R or --side L, which tells medial from lateral.`,
  );
}

function print(file: string, readings: readonly KneeReading[], reader: string): void {
  for (const reading of readings) {
    console.log(`${basename(file)}: ${reading.side.toLowerCase()} knee`);
    if (reading.unreadable !== null || reading.probabilities === null) {
      console.log(`  not read       ${reading.unreadable}`);
      continue;
    }
    const chances = reading.probabilities.map((chance, grade) => `${grade}: ${(100 * chance).toFixed(0)} %`);
    console.log(`  grade          ${gradeText(reading)}`);
    console.log(`  probabilities  KL ${chances.join('  ')}`);
    console.log(`  joint space    ${widthText(reading)}`);
  }
  console.log(`Read by ${reader}. ${READING_NOTICE}`);
}
