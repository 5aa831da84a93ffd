import DataLoader from 'dataloader';
import type { DataSource } from 'typeorm';
import { columnList, Radiograph, readRows, rowReader } from '../entities/index.js';

/** An exam as far as its films are concerned. */
export interface ExamKeys {
  id: number;
  visitId: number;
}

/**
 * Loads the films of each exam: its own and the bilateral ones of its visit, the one to use first. A film whose pixels are
 * here comes before one that only the tables tell of, and a film of the one knee before one of both.
 */
export function radiographsOfExams(dataSource: DataSource): DataLoader<ExamKeys, Radiograph[], number> {
  const read = rowReader(dataSource, Radiograph);
  const select = `SELECT ${columnList(dataSource, Radiograph, 'radiograph')} FROM radiograph`;
  return new DataLoader<ExamKeys, Radiograph[], number>(
    async (exams) => {
      const rows = await readRows(
        dataSource,
        `${select} WHERE exam_id = ANY($1::integer[]) UNION ALL ${select} WHERE visit_id = ANY($2::integer[])`,
        [exams.map(({ id }) => id), exams.map(({ visitId }) => visitId)],
      );
      const films = rows.map(read);
      const ofExam = Map.groupBy(films, ({ examId }) => examId);
      const ofVisit = Map.groupBy(films, ({ visitId }) => visitId);
      return exams.map(({ id, visitId }) => [...(ofExam.get(id) ?? []), ...(ofVisit.get(visitId) ?? [])].sort(byUse));
    },
    { cacheKeyFn: ({ id }) => id },
  );
}

function byUse(one: Radiograph, other: Radiograph): number {
  const rank = ({ assetId, examId }: Radiograph) => (assetId === null ? 2 : 0) + (examId === null ? 1 : 0);
  return rank(one) - rank(other) || one.id - other.id;
}
