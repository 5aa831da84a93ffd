import { basename } from 'node:path';
import { tellReason } from '../cells-in-reasons.js';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { refuseFile } from '../../imaging/refuse.js';
import { openTable } from './open-table.js';
import { cell, parseKnees, participantReader, visitReader } from './reader.js';

/** A knee exam as a row of somebody's own table names it; null: both knees. */
export interface NamedExam {
  oaiId: string;
  visit: VisitCode;
  side: Side | null;
}

/**
 * The exams that a table names, one row each: ID, SIDE and VISIT, or `oai_id`, `side` and `visit` as exports have them, in any letter
 * case and among other columns. A table without the column means both knees; in one that has it, 3 or BOTH does,
 * and a blank is refused.
 *
 * @param path of a table in any form that releases come in: CSV, TSV, ASCII, XLSX, SAS7BDAT, XPT
 * @throws UserError FILE_REFUSED naming the file and the line, for what is no table, lacks a column or has a cell that is none
 */
export async function readNamedExams(path: string): Promise<NamedExam[]> {
  const file = basename(path);
  const table = await openTable(path).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    refuseFile(file, `cannot be read: ${(error as Error).message}`, error);
  });
  const { columns } = table;
  const participant = participantReader(columns, 'OAI_ID');
  const visit = visitReader(columns, null);
  const side = columns.find('SIDE', 'KNEE');
  const named: NamedExam[] = [];
  for await (const { cells, line } of table.rows()) {
    try {
      const knee = side && parseKnees(cell(cells, side), side.name);
      named.push({ oaiId: participant(cells), visit: visit(cells), side: knee });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refuseFile(file, `line ${line}: ${tellReason(error.message, { showValues: true }).replace(/\.$/, '')}`);
    }
  }
  return named;
}
