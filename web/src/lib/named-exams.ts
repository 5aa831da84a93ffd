/** A knee exam by what tables of the release call it; without a side both knees are meant. */
export interface NamedExam {
  oaiId: string;
  visit: string;
  side?: 'RIGHT' | 'LEFT';
}

const SIDES: Readonly<Record<string, NamedExam['side']>> = {
  ...{ RIGHT: 'RIGHT', R: 'RIGHT', '1': 'RIGHT' },
  ...{ LEFT: 'LEFT', L: 'LEFT', '2': 'LEFT' },
};

/**
 * Knee exams that lines name: participant, visit and side, between blanks, commas or tabs, as they are copied out of a table.
 *
 * @throws Error with a sentence about the first line that names none
 */
export function parseNamedExams(text: string): NamedExam[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const rows = lines.filter(({ line }) => line !== '').map(({ line, number }) => namedExam(line, number));
  if (rows.length === 0) throw new Error('No line names a knee.');
  return rows;
}

function namedExam(line: string, number: number): NamedExam {
  const [oaiId = '', visit = '', side, ...more] = line.split(/[\s,;|]+/);
  const known = side === undefined ? undefined : SIDES[side.toUpperCase()];
  const isVisit = /^V\d\d$/i.test(visit);
  if (!/^\d{7}$/.test(oaiId) || !isVisit || (side !== undefined && known === undefined) || more.length > 0) {
    throw new Error(`Line ${number} names no knee; write a participant, a visit and a side, as in 9001234 V00 RIGHT.`);
  }
  return { oaiId, visit: visit.toUpperCase(), ...(known ? { side: known } : {}) };
}
