import { Presets, SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { isOaiId, type Side } from '../domain/participants.js';
import { parseStrip, type Strip, STRIP_FORMS } from '../domain/strips.js';
import { isVisitCode, VISIT_CODES, type VisitCode } from '../domain/visits.js';
import { openDatabase } from '../server/database/index.js';
import {
  addImages,
  CHANGE_KINDS,
  changedAnything,
  type CountedRefusal,
  type ImportProgress,
  importRelease,
  type ImportSummary,
  readNothing,
  type TableSummary,
  UNDO_KINDS,
  undoImport,
  type UndoSummary,
} from '../services/imports/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { blobSettings, dataDirOption, sharedDatabase, wholeNumber } from './options.js';
import { closed, openDeidentificationReport, openReport } from './reports.js';
import { stopOnSignal } from './signals.js';
import { counted } from './words.js';

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

/** Refusals printed before the rest is only counted. */
const REFUSALS_SHOWN = 50;

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
    .option('--report <file>', 'write every refused row and file to FILE, one JSON object per line')
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
      const what = added.kind === 'series' ? 'MRI series' : 'radiograph';
      console.log(options.json ? JSON.stringify(added) : `${what}: ${added.outcomes.join(', ')}`);
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
        onRefusal: (refusal) => report?.write(`${JSON.stringify(refusal)}\n`),
      });
      bar.stop();
      console.log(options.json ? JSON.stringify(summary) : describe(summary, options.report));
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

function describe(summary: ImportSummary, report: string | undefined): string {
  const { tables, images, refusals, refused, ignored, durationMs, dryRun } = summary;
  if (readNothing(summary) && refused === 0) {
    const nothing = `Nothing to import: ${summary.path} holds neither tables of an OAI release, such as Enrollees.txt, nor image folders, such as 00m.`;
    return [nothing, ...ignoredLines(ignored)].join('\n');
  }
  const lines = tables.flatMap((table) => [...tableLines(table), ...(dryRun ? changeLines(table) : [])]);
  if (images.folders > 0 || images.absent > 0) {
    const { folders, inserted, updated, unchanged, passedOver, refused: bad, withdrawn, absent } = images;
    lines.push(
      `images: ${counted(folders, 'folder')}: ${inserted} inserted, ${updated} updated, ${unchanged} unchanged, ` +
        `${passedOver} passed over, ${bad} refused${withdrawn > 0 ? `, ${withdrawn} withdrawn` : ''}; ${absent} of contents.csv are not on this disk`,
    );
  }
  lines.push(...ignoredLines(ignored));
  if (refused > 0) {
    const shown = refusals.slice(0, REFUSALS_SHOWN);
    const more = refused - shown.reduce((sum, refusal) => sum + (refusal.count ?? 1), 0);
    lines.push('', `Refused: ${refused}`, ...shown.map(refusalLine));
    const where = report === undefined ? 'give --report FILE for all of them' : `all of them are in ${report}`;
    if (more > 0) lines.push(`  ... and ${more} more; ${where}`);
    else if (shown.some((refusal) => refusal.count)) lines.push(`  One by one: ${where}.`);
  }
  const seconds = (durationMs / 1000).toFixed(1);
  if (dryRun) {
    const nothing = changedAnything(summary) ? 'Nothing was written' : 'Nothing would change';
    lines.push('', `${nothing}: a dry run of ${seconds} s, which leaves images alone.`);
    return lines.join('\n');
  }
  lines.push(
    '',
    changedAnything(summary) ? `Imported in ${seconds} s.` : `Nothing changed; looked through in ${seconds} s.`,
  );
  return lines.join('\n');
}

/** A line for the table, and one for each thing in it that a reader might miss. */
function tableLines({ file, rows, skipped, ...table }: TableSummary): string[] {
  const { inserted, updated, kept, blank, unchanged, passedOver, refused, withdrawn, cellsRefused } = table;
  const { absent, dropped, returned } = table;
  const { storedColumns, storedCells, storedChanges, storedLeft } = table;
  if (skipped) {
    const left = [
      ...(refused > 0 ? [`${refused} of them refused`] : []),
      ...(withdrawn > 0 ? [`${withdrawn} of them withdrawn`] : []),
    ];
    return [`${file}: the database holds it already (${[counted(rows, 'row'), ...left].join(', ')})`];
  }
  const parts = [`${inserted} new`, `${updated} changed`, `${unchanged} equal`];
  if (kept > 0) parts.push(`${kept} older than what is stored, which was kept`);
  if (blank > 0) parts.push(`${blank} blank where a value is stored, which was kept`);
  const passed = Object.entries(passedOver);
  if (passed.length > 0) parts.push(`${passed.reduce((sum, [, number]) => sum + number, 0)} not of interest`);
  if (refused > 0) parts.push(`${refused} refused`);
  if (withdrawn > 0) parts.push(`${withdrawn} withdrawn`);
  if (cellsRefused > 0) parts.push(`${counted(cellsRefused, 'cell')} refused in rows that were read`);
  return [
    `${file}: ${counted(rows, 'row')}: ${parts.join(', ')}`,
    ...(storedColumns > 0
      ? [
          `  as variables: ${counted(storedCells, 'cell')} of ${counted(storedColumns, 'column')} that ${storedColumns === 1 ? 'has' : 'have'} no field of ${storedColumns === 1 ? 'its' : 'their'} own, ${storedChanges} of them new or changed`,
        ]
      : []),
    ...(storedLeft > 0
      ? [`  not kept: ${counted(storedLeft, 'code')} of visits or knees of which the row tells nothing else`]
      : []),
    ...passed.map(([why, number]) => `  not of interest: ${number} ${why}`),
    ...(absent > 0
      ? [
          `  ${counted(absent, 'row')} of an earlier file of this table ${absent === 1 ? 'is' : 'are'} not in this one; what ${absent === 1 ? 'it says' : 'they say'} stays`,
        ]
      : []),
    ...(dropped > 0
      ? [`  ${counted(dropped, 'row')} marked as dropped: the higher version of this table has no such row`]
      : []),
    ...(returned > 0
      ? [`  ${counted(returned, 'row')} no longer dropped: this version has ${returned === 1 ? 'it' : 'them'} again`]
      : []),
  ];
}

/** A line for each column that would change. */
function changeLines({ changes }: TableSummary): string[] {
  return changes.map((change) => `  ${change.table}.${change.column}: ${kindsInWords(CHANGE_KINDS, change)}`);
}

function kindsInWords<K extends string>(kinds: readonly K[], counts: Readonly<Record<K, number>>): string {
  return kinds.flatMap((kind) => (counts[kind] > 0 ? [`${counts[kind]} ${kind}`] : [])).join(', ');
}

/** A line for each column that changes, and one for each table of which rows go. */
function undoneInWords({ undone, dryRun, changes, removed, redacted, durationMs }: UndoSummary): string {
  const lines = changes.map((change) => `${change.table}.${change.column}: ${kindsInWords(UNDO_KINDS, change)}`);
  const gone = Object.entries(removed).map(([table, rows]) => `${table}: ${counted(rows, 'row')} removed`);
  const seconds = (durationMs / 1000).toFixed(1);
  if (lines.length + gone.length === 0) lines.push('Nothing of it is left that could be taken back.');
  if (redacted > 0) gone.push(redactedInWords(redacted));
  const end = dryRun
    ? `Nothing was written: a dry run of ${seconds} s.`
    : `Import ${undone} was undone in ${seconds} s.`;
  return [...lines, ...gone, '', end].join('\n');
}

function redactedInWords(images: number): string {
  return images === 1
    ? '1 image stays as it was redacted: what it showed before is not kept.'
    : `${images} images stay as they were redacted: what they showed before is not kept.`;
}

/** A line for each reason, which names all files. */
function ignoredLines(ignored: ImportSummary['ignored']): string[] {
  return [...new Set(ignored.map(({ reason }) => reason))].map((reason) => {
    const files = ignored.filter((file) => file.reason === reason).map(({ file }) => file);
    return `not imported, because ${files.length === 1 ? 'it is' : 'each is'} ${reason}: ${files.join(', ')}`;
  });
}

function refusalLine({ file, row, reason, count: equal }: CountedRefusal): string {
  if (row === undefined) return `  ${file}: ${reason}`;
  return equal === undefined
    ? `  ${file} row ${row}: ${reason}`
    : `  ${file} row ${row} and ${equal - 1} more like it: ${reason}`;
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
