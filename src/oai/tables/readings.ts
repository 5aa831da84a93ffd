import { cellInReason } from '../cells-in-reasons.js';
import { FEATURES, isValidGrade, maxGrade, type FeatureCode } from '../../domain/features.js';
import type { ReadingProject } from '../../domain/readings.js';
import type { VisitCode } from '../../domain/visits.js';
import { parseBarcode, parseCode, parseNumericCell, refuseRow } from '../values.js';
import type { Column, Columns } from './columns.js';
import {
  cell,
  parseSide,
  participantReader,
  prefixed,
  readStatement,
  type RowReader,
  versionReader,
  visitReader,
} from './reader.js';
import type { ReadingRecord, Statement } from './records.js';

/** OAI asks users to treat project 42 as 37. */
const PROJECTS: Readonly<Record<string, ReadingProject>> = { 15: '15', 37: '37', 42: '37' };

/** kXR_SQ_BUxx: semi-quantitative grades, one row per knee and reading project. */
export function readingReader(columns: Columns, visit: VisitCode | null): RowReader<ReadingRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const side = columns.key('the knee', ...prefixed(visit, 'SIDE').reverse());
  const project = columns.key('the reading project', ...prefixed(visit, 'READPRJ').reverse());
  const version = versionReader(columns);
  const barcode = columns.find(...prefixed(visit, 'BARCDBU', 'BARCODE'));
  const grades = FEATURES.flatMap(({ code }) => {
    const column = columns.find(...prefixed(visit, code));
    return column ? [{ code, column, known: new Map<string, GradeCell>() }] : [];
  });
  return {
    key: (record) => `${record.oaiId} ${record.visit} ${record.side} ${record.project}`,
    read(cells, refuseCell) {
      const said: Record<string, Statement> = {};
      const key = {
        oaiId: participant(cells),
        visit: visitOf(cells),
        side: parseSide(cell(cells, side), side.name),
        project: readProject(cell(cells, project), project.name),
      };
      for (const { code, column, known } of grades) {
        const text = cell(cells, column);
        let parsed = known.get(text);
        // A table of 200,000 grades has a handful of different cells: each is understood once.
        if (!parsed) known.set(text, (parsed = readGrade(text, code, column)));
        if (typeof parsed === 'string') refuseCell(parsed);
        else said[code] = parsed;
      }
      const film = barcode && readStatement(cell(cells, barcode), barcode, parseBarcode, refuseCell);
      return { ...key, version: version(cells), barcode: film && (film.value as string | null), said };
    },
  };
}

/** What the cell says, or why it cannot be used. */
type GradeCell = Statement | string;

function readGrade(text: string, code: FeatureCode, column: Column): GradeCell {
  let refusal = '';
  const statement = readStatement(
    text,
    column,
    (cellText) => parseGrade(cellText, code, column),
    (why) => (refusal = why),
  );
  return statement ?? refusal;
}

function parseGrade(text: string, code: FeatureCode, column: Column): number | null {
  const { value } = parseNumericCell(text);
  if (value === null) return null;
  const grade = /^\d+(\.\d*)?$/.test(value) ? Number(value) : NaN;
  if (isValidGrade(code, grade)) return grade;
  const decimals = code === 'XRJSM' || code === 'XRJSL' ? ', with .2, .4, .6 or .8 after grades 1 and 2,' : '';
  return refuseRow(`${column.name} is "${cellInReason(value)}"; grades 0 to ${maxGrade(code)}${decimals} are accepted`);
}

function readProject(text: string, column: string): ReadingProject {
  return parseCode(text, column, PROJECTS) ?? refuseRow(`${column} is missing; 15, 37 or 42 is accepted`);
}
