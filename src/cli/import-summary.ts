import {
  type Added,
  CHANGE_KINDS,
  changedAnything,
  type CountedRefusal,
  type ImportSummary,
  readNothing,
  type TableSummary,
  UNDO_KINDS,
  type UndoSummary,
} from '../services/imports/index.js';
import { counted } from './words.js';

/** Refusals printed before the rest is only counted. */
const REFUSALS_SHOWN = 50;

/**
 * What an import, or its dry run, did, as `osteograph import` prints it: tables, images, files that were left, refusals.
 * `report` is the file that has all refusals, if there is one.
 */
export function importedInWords(summary: ImportSummary, report: string | undefined): string {
  const { tables, images, refusals, refused, ignored, remarks, durationMs, dryRun } = summary;
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
  lines.push(...remarks.map(({ file, remark }) => `${file}: ${remark}`));
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

/** What became of images that were added to an exam, and of the archives that may show what was redacted of them. */
export function addedInWords({ kind, outcomes, archives }: Added): string {
  const lines = [`${kind === 'series' ? 'MRI series' : 'radiograph'}: ${outcomes.join(', ')}`];
  const { expired = 0, restarted = 0 } = archives ?? {};
  if (expired > 0)
    lines.push(`${counted(expired, 'exported archive')} of the participant's images expired: export again.`);
  if (restarted > 0)
    lines.push(`${counted(restarted, 'archive')} in the making ${restarted === 1 ? 'is' : 'are'} begun anew.`);
  return lines.join('\n');
}

/** What undoing an import did or would do: a line for each column that changes, and one for each table of which rows go. */
export function undoneInWords({ undone, dryRun, changes, removed, redacted, durationMs }: UndoSummary): string {
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

/** A line for the table, and one for each thing in it that a reader might miss. */
function tableLines({ file, rows, skipped, ...table }: TableSummary): string[] {
  const { inserted, updated, kept, blank, unchanged, passedOver, refused, withdrawn, cellsRefused } = table;
  const { absent, dropped, returned } = table;
  const { storedColumns, storedCells, storedChanges, storedLeft } = table;
  const passed = Object.entries(passedOver);
  const notOfInterest = passed.reduce((sum, [, number]) => sum + number, 0);
  if (skipped) {
    const left = [
      ...(notOfInterest > 0 ? [`${notOfInterest} of them not of interest`] : []),
      ...(refused > 0 ? [`${refused} of them refused`] : []),
      ...(withdrawn > 0 ? [`${withdrawn} of them withdrawn`] : []),
    ];
    return [`${file}: the database holds it already (${[counted(rows, 'row'), ...left].join(', ')})`];
  }
  const parts = [`${inserted} new`, `${updated} changed`, `${unchanged} equal`];
  if (kept > 0) parts.push(`${kept} older than what is stored, which was kept`);
  if (blank > 0) parts.push(`${blank} blank where a value is stored, which was kept`);
  if (notOfInterest > 0) parts.push(`${notOfInterest} not of interest`);
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
