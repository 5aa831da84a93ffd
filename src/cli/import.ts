import { Presets, SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { isOaiId, type Side } from '../domain/participants.js';
import { parseStrip, type Strip, STRIP_FORMS } from '../domain/strips.js';
import { isVisitCode, VISIT_CODES, type VisitCode } from '../domain/visits.js';
import { openDatabase } from '../server/database/index.js';
import { addImages, type ImportProgress, importRelease, readNothing, undoImport } from '../services/imports/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { addedInWords, importedInWords, undoneInWords } from './import-summary.js';
import { blobSettings, dataDirOption, sharedDatabase, wholeNumber } from './options.js';
import { closed, openDeidentificationReport, openReport } from './reports.js';
import { stopOnSignal } from './signals.js';

interface Options {
  undo?: number;
  dataDir: string;
  json: boolean;
  report?: string;
  deidentificationReport?: string;
  originals: boolean;
  redact?: Strip[];
  reread: boolean;
  tablesOnly: boolean;
  showValues: boolean;
  dryRun: boolean;
  participant?: string;
  visit?: VisitCode;
  side?: Side;
  create: boolean;
}

/** Exit code when nothing could be read. */
const NOTHING_READ = 2;

/** `osteograph import`: read an OAI release, or add single images, into the database. */
export function importCommand(): Command {
  return new Command('import')
    .description('read an OAI release (tables and images) into the database')
    .argument(
      '[path]',
      'folder, archive or table of a release; with --participant a radiograph or the folder of a DICOM series',
    )
    .addOption(dataDirOption())
    .option('--json', 'print the summary as JSON', false)
    .option('--report <file>', 'write every refused row and file, and every remark, to FILE, one JSON object per line')
    .option(
      '--deidentification-report <file>',
      'write what became of each attribute of every image file to FILE (.csv or JSON lines)',
    )
    .option('--no-originals', 'keep the pixels only, not the de-identified DICOM objects')
    .addOption(
      new Option(
        '--redact <strip>',
        `make a strip of the images black: ${STRIP_FORMS}; may be given several times`,
      ).argParser(strips),
    )
    .option('--show-values', 'quote the cells that are refused, here and in the report', false)
    .option('--reread', 'read also what has not changed since it was imported', false)
    .option('--tables-only', 'leave the images alone', false)
    .option('--dry-run', 'tell what the tables would change, value by value, and change nothing', false)
    .option(
      '--undo <id>',
      'take back what one import did, by its number in "osteograph imports"',
      wholeNumber('--undo'),
    )
    .option('--participant <id>', 'add the images to this participant', participantId)
    .option('--visit <code>', 'and this visit, e.g. V00', visitCode)
    .addOption(new Option('--side <side>', 'and this knee; without it a film is bilateral').argParser(sideOf))
    .option('--create', 'make the participant and the visit if they are not there', false)
    .addHelpText(
      'after',
      `
Tables are read in OAI's labelled or plain ASCII form and in NDA's, as CSV, XLSX, SAS7BDAT and XPT, alone or within .zip and .gz,
whatever their letter case: Enrollees, AllClinicalXX, SubjectCharXX, kXR_SQ_BUxx, XRayXX, MRIXX. Images are found as <visit>m/<release>/<ID>/<date>/<barcode>/ and through contents.csv.
What cannot be used, a cell or a row, is refused with a reason, and the rest is imported. Cells may tell of people: --show-values quotes them. A second import changes nothing.
A higher release version (VERSION) replaces a lower one, a value or a code such as .P fills a blank, a blank erases nothing; at equal
versions the later import counts. An image belongs to one knee: one that is another's already is refused. Images are real unless they
or their release say that they are synthetic.
Images are de-identified (docs/guides/deidentification.md). One that says that text is burned into its pixels is refused without --redact.
--undo takes back one import: each value that comes from it is what it was before, and what it made goes. It is refused while a later import
has read the same values, or something was made from what it brought. An image that was redacted stays redacted.
Exit code: 0 also with refusals, ${NOTHING_READ} when nothing could be read.

Examples:
  $ osteograph import release                                                       a release, or any part of one
  $ osteograph import release --dry-run                                             what its tables would change, by column
  $ osteograph import release --report refused.ndjson                               and keep the list of what was refused
  $ osteograph import --undo 3 --dry-run                                            what undoing an import would change
  $ osteograph import AllClinical_SAS.zip                                           the tables of one archive
  $ osteograph import knee.png --participant 9000001 --visit V00 --side RIGHT       one radiograph of one knee
  $ osteograph import dicom/ --participant 9000001 --visit V00 --side LEFT --create an MRI series from elsewhere`,
    )
    .action(run);
}

async function run(path: string | undefined, options: Options): Promise<void> {
  const { participant, visit } = options;
  if ((path === undefined) === (options.undo === undefined)) {
    throw new UserError(
      'BAD_USER_INPUT',
      'Give either the path of what to import, or --undo with the number of an import.',
    );
  }
  if (options.dryRun && participant !== undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      '--dry-run tells what tables would change; it does not go with --participant.',
    );
  }
  if ((participant === undefined) !== (visit === undefined)) {
    throw new UserError(
      'BAD_USER_INPUT',
      'Images are added to an exam: give both --participant and --visit, or neither to import a release.',
    );
  }
  if (options.redact && participant === undefined) {
    throw new UserError('BAD_USER_INPUT', '--redact is for images of one kind; it goes with --participant.');
  }
  const { deidentificationReport } = options;
  const deidentified =
    deidentificationReport === undefined ? null : await openDeidentificationReport(deidentificationReport);
  const database = await openDatabase(sharedDatabase(options.dataDir, 'import'));
  try {
    const store = await openOwnBlobStore(database.dataSource, blobSettings(options.dataDir));
    if (path === undefined) {
      const summary = await undoImport({ dataSource: database.dataSource, store }, options.undo!, options);
      console.log(options.json ? JSON.stringify(summary) : undoneInWords(summary));
      return;
    }
    const objects = { withoutOriginals: !options.originals, onDeidentified: deidentified?.write };
    if (participant !== undefined && visit !== undefined) {
      const to = { oaiId: participant, visit, side: options.side };
      const { create, redact } = options;
      const added = await addImages(database.dataSource, path, to, { store, create, redact, ...objects });
      console.log(options.json ? JSON.stringify(added) : addedInWords(added));
      return;
    }
    const report = options.report === undefined ? null : await openReport(options.report);
    const bar = drawProgress(options.json);
    using stop = stopOnSignal('The import was stopped; what was finished stays, and the next one goes on from there.');
    try {
      const summary = await importRelease(database.dataSource, path, {
        ...objects,
        store,
        reread: options.reread,
        tablesOnly: options.tablesOnly,
        dryRun: options.dryRun,
        showValues: options.showValues,
        signal: stop.signal,
        onProgress: bar.update,
        onRemark: (remark) => report?.write(`${JSON.stringify(remark)}\n`),
        onRefusal: (refusal) => report?.write(`${JSON.stringify(refusal)}\n`),
      });
      bar.stop();
      console.log(options.json ? JSON.stringify(summary) : importedInWords(summary, options.report));
      if (readNothing(summary)) process.exitCode = NOTHING_READ;
    } finally {
      bar.stop();
      await closed(report);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`osteograph: ${error.message}`);
    process.exitCode = NOTHING_READ;
  } finally {
    await deidentified?.close();
    await database.close();
  }
}

/** A bar on a terminal, a line per table and per hundred images elsewhere, nothing beside JSON. */
function drawProgress(json: boolean): { update(progress: ImportProgress): void; stop(): void } {
  if (json) return { update: () => undefined, stop: () => undefined };
  if (!process.stderr.isTTY) {
    let last = '';
    return {
      update({ phase, done, total, file }) {
        const line = phase === 'tables' ? file : `${Math.floor(done / 100) * 100} of ${total} image folders`;
        if (line !== last && (phase === 'tables' || done % 100 === 0)) console.error(line);
        last = line;
      },
      stop: () => undefined,
    };
  }
  const format = '{phase} {bar} {percentage}%  {eta_formatted} left  {file}';
  const bar = new SingleBar({ format, clearOnComplete: true, stream: process.stderr }, Presets.shades_classic);
  let drawn: string | null = null;
  return {
    update({ phase, done, total, file }) {
      if (drawn !== phase) bar.start(total, done, { phase, file });
      else bar.update(done, { phase, file });
      drawn = phase;
    },
    stop: () => bar.stop(),
  };
}

function participantId(text: string): string {
  if (!isOaiId(text)) throw new InvalidArgumentError(`A participant's id has seven digits, got "${text}".`);
  return text;
}

function strips(text: string, before: Strip[] = []): Strip[] {
  try {
    return [...before, parseStrip(text)];
  } catch (error) {
    if (error instanceof UserError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function visitCode(text: string): VisitCode {
  if (!isVisitCode(text))
    throw new InvalidArgumentError(`"${text}" is not a visit: ${VISIT_CODES.join(', ')} are accepted.`);
  return text;
}

function sideOf(text: string): Side {
  if (text === 'RIGHT' || text === 'R') return 'RIGHT';
  if (text === 'LEFT' || text === 'L') return 'LEFT';
  throw new InvalidArgumentError(`A side is RIGHT or LEFT, got "${text}".`);
}
