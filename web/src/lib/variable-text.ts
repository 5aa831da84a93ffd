import type { Variable } from 'virtual:variables';
import { decimal } from './words.ts';

/** A knee exam with the fields that the fragments of variables ask for. */
export interface Described {
  participant: object;
  visit: object;
}

/** The value of a variable of a knee exam, of its visit or of its participant, as it is shown; "–" where there is none. */
export function variableText({ code, kind, table }: Variable, exam: Described): string {
  const owner = table === 'knee_exam' ? exam : table === 'visit' ? exam.visit : exam.participant;
  const value: unknown = Reflect.get(owner, code);
  if (typeof value === 'number') return decimal(value, kind === 'integer' || Number.isInteger(value) ? 0 : 1);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'string') return '–';
  return kind === 'choice' ? value.toLowerCase().replaceAll('_', ' ') : value;
}
