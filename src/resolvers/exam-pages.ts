import type { GraphQLResolveInfo } from 'graphql';
import { variablesOf, type VariableTable } from '../domain/variables/index.js';
import type { Columns, ExamRelations } from '../entities/index.js';
import type { Wanted } from '../services/paging/index.js';
import { selectionOf } from './look-ahead.js';
import type { Selection } from './look-ahead.js';

/** Properties that a field of the API is made of. A field that is not named here makes its whole row be read. */
type Sources = Record<string, readonly string[]>;

/** Fields that show a property of the same name. */
const same = (...names: string[]): Sources => Object.fromEntries(names.map((name) => [name, [name]]));

/** Variables of a table. */
const codes = (table: VariableTable): string[] => variablesOf(table).map(({ code }) => code);

/** Fields that need the keys and nothing else. */
const keys = (...names: string[]): Sources =>
  Object.fromEntries(['__typename', 'id', ...names].map((name) => [name, []]));

export const EXAM: Sources = {
  ...same('side', 'preferredProject', ...codes('knee_exam')),
  outcome: ['side'],
  knee: ['side'],
  ...keys(
    'participant',
    'visit',
    'readings',
    'radiograph',
    'radiographs',
    'mriSeries',
    'generations',
    'kl',
    'variables',
  ),
};
export const VISIT: Sources = {
  ...same('code', 'month', 'dropped', ...codes('visit')),
  ...keys('participant', 'exams', 'variables'),
};
export const PARTICIPANT: Sources = {
  ...same('oaiId', 'phantom', 'dropped', ...codes('participant')),
  ...keys('visits', 'exams', 'knees', 'jointOutcomes', 'variables'),
};
export const READING: Sources = { ...same('project', 'version', 'dropped'), ...keys('kl') };
export const RADIOGRAPH: Sources = {
  ...same('barcode', 'view', 'date', 'rows', 'columns', 'pixelSpacing', 'photometric', 'provenance', 'sponsor'),
  ...same('dropped'),
  ...keys('bilateral', 'image'),
};
export const MRI_SERIES: Sources = {
  protocol: ['sequence'],
  side: ['sequence'],
  ...same('barcode', 'sequence', 'plane', 'date', 'sliceCount', 'rows', 'columns', 'pixelSpacing', 'sliceSpacing'),
  ...same('direction', 'createdAt', 'dropped', 'provenance', 'sponsor'),
  ...keys('synthetic', 'exam', 'volume', 'generation'),
};

const wantedOf = new WeakMap<Selection, Wanted<ExamRelations>>();

/** What a page of exams must bring along so that the operation needs no further statement for it, and no more. */
export function wantedOfExams(info: GraphQLResolveInfo): Wanted<ExamRelations> {
  const connection = selectionOf(info);
  let wanted = wantedOf.get(connection);
  if (!wanted) wantedOf.set(connection, (wanted = findWanted(connection)));
  return wanted;
}

function findWanted(connection: Selection): Wanted<ExamRelations> {
  // A page may be asked for as nodes, as edges, or both.
  const exams = [connection.under('nodes'), connection.under('edges').under('node')];
  const asks = (...names: string[]) => exams.some((exam) => names.some((name) => exam.has(name)));
  const below = (...names: string[]) => exams.map((exam) => exam.under(...names));
  // The missing codes of the preferred reading belong to the exam's grades.
  const ofReadings = ['id', 'examId', 'project', 'grades.XRKL', ...(asks('grades') ? ['missing'] : [])];
  return {
    columns: columnsFor(exams, EXAM, ['id', 'visitId', 'participantId', 'preferredProject', 'grades.XRKL']),
    related: {
      ...(asks('visit') && { visit: columnsFor(below('visit'), VISIT, ['id', 'participantId']) }),
      ...(asks('participant') && { participant: columnsFor(below('participant'), PARTICIPANT, ['id']) }),
      ...(asks('readings', 'grades') && { readings: columnsFor(below('readings'), READING, ofReadings) }),
      ...(asks('radiograph', 'radiographs') && {
        films: columnsFor(below('radiograph', 'radiographs'), RADIOGRAPH, ['id', 'visitId', 'examId', 'assetId']),
      }),
      ...(exams.some((exam) => exam.hasPlain('mriSeries')) && {
        realSeries: columnsFor(below('mriSeries'), MRI_SERIES, [
          'id',
          'examId',
          'synthetic',
          'assetId',
          'generationId',
          'sequence',
        ]),
      }),
    },
  };
}

function columnsFor(selections: readonly Selection[], sources: Sources, always: readonly string[]): Columns {
  const columns = new Set(always);
  for (const name of selections.flatMap(({ names }) => [...names])) {
    if (!Object.hasOwn(sources, name)) return 'all';
    for (const property of sources[name]!) columns.add(property);
  }
  // In one order: the same columns make the same statement.
  return [...columns].sort();
}
