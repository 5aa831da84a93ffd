import { type EvaluationArm, REFERENCE_NAMES } from '../../domain/evaluations.js';
import { number, percent, range, type ReportTable, signed } from './cells.js';
import type { ReportInput } from './input.js';
import type { Subject } from './knee-results.js';

/** Tables of what was measured on knees as shapes; those without a figure are left out. */
export function kneeTables(input: ReportInput): ReportTable[] {
  return [retrievalTable(input), jointSpaceTable(input), filmTable(input)].filter(({ rows }) => rows.length > 0);
}

/** What a subject is called: an arm's label, volumes that say nothing, or the film. */
export function subjectName({ arm, reference }: Subject, arms: readonly EvaluationArm[]): string {
  if (arm !== null) return arms[arm]!.label;
  return reference === null ? 'the film' : REFERENCE_NAMES[reference];
}

function retrievalTable({ results, arms, note }: ReportInput): ReportTable {
  return {
    name: 'retrieval',
    title: 'Is the own knee the nearest?',
    caption:
      `The joint of each volume, in small, held against that of its own series and those of up to 99 other people's knees, about the joint ` +
      `row found on each. A guess is first once in as many knees, and wins half the pairs. ${note}`,
    columns: ['volumes', 'own knee first', '95 % interval', 'of', 'pairs won', 'knees'],
    rows: results.retrieval.map(({ first, interval, others, pairs, exams, ...subject }) => [
      subjectName(subject, arms),
      percent(first),
      `${percent(interval.lower)} to ${percent(interval.upper)}`,
      (others + 1).toFixed(0),
      percent(pairs),
      String(exams),
    ]),
  };
}

function jointSpaceTable({ results, arms, note, reference }: ReportInput): ReportTable {
  return {
    name: 'joint-space',
    title: 'Joint space, mm',
    caption:
      `Bone to bone, against the own series of the ${reference}: mean difference with its standard error, and the limits between which 95 % ` +
      `of normal differences lie (Bland and Altman). A volume that is no better than its film adds nothing. Two knees of one person count ` +
      `as two. ${note}`,
    columns: [
      'volumes',
      'compartment',
      'median error',
      'mean difference',
      'limits of agreement',
      'r',
      'found',
      'knees',
    ],
    rows: results.jointSpace.map(({ compartment, medianError, agreement, found, exams, ...subject }) => [
      subjectName(subject, arms),
      compartment.toLowerCase(),
      number(medianError, 2),
      agreement ? `${signed(agreement.bias, 2)} (${agreement.biasError.toFixed(2)})` : 'none',
      range(agreement?.lower, agreement?.upper, 2),
      number(agreement?.correlation, 2),
      percent(found / exams),
      String(exams),
    ]),
  };
}

function filmTable({ results, arms, note }: ReportInput): ReportTable {
  const assumed = Math.max(0, ...results.film.map(({ assumedWidths }) => assumedWidths));
  const widths = assumed > 0 ? ` ${assumed} films say no pixel spacing; their crops are taken to show 95 mm.` : '';
  return {
    name: 'film',
    title: 'Does the volume show the joint of its film?',
    caption:
      `A knee has one joint line in each compartment. Row (from where the training has it) and slope (from the lateral to the medial compartment) are ` +
      `against those of the film, medians, mm.${widths} ${note}`,
    columns: [
      'arm',
      'line in each compartment',
      'one in each',
      '95 % interval',
      'row, off by',
      'slope, off by',
      'slope, r',
      'knees',
    ],
    rows: results.film.map(({ arm, found, oneLine, interval, rowError, slope, exams }) => [
      arms[arm]!.label,
      percent(found),
      percent(oneLine),
      `${percent(interval.lower)} to ${percent(interval.upper)}`,
      number(rowError, 1),
      number(slope?.medianError, 1),
      number(slope?.correlation, 2),
      String(exams),
    ]),
  };
}
