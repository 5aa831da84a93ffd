import type { Origin, Origins } from '../../entities/index.js';
import { FEATURE_CODES } from '../../domain/features.js';
import { JOINT_FIELDS } from '../../domain/outcomes.js';
import { columnTypeOf, columnTypes } from '../../domain/variables/index.js';

/** Type of the column of a field. */
export type FieldType = 'text' | 'boolean' | 'smallint' | 'real' | 'date';

/** The fields of each table that released tables speak of. */
export const FIELDS = {
  participant: columnTypes('participant'),
  visit: columnTypes('visit'),
  knee_exam: columnTypes('knee_exam'),
  reading: Object.fromEntries(FEATURE_CODES.map((code) => [code, 'real'])),
  joint_outcome: Object.fromEntries(JOINT_FIELDS.map(({ code, domain }) => [code, columnTypeOf(domain)])),
  radiograph: { view: 'text', date: 'date' },
  mri_series: { sequence: 'text', plane: 'text', date: 'date' },
} as const satisfies Record<string, Readonly<Record<string, FieldType>>>;

/** A table that imports write to. */
export type MergedTable = keyof typeof FIELDS;

/** The column of a field: its name in snake case, and a grade's in lower case. */
export function columnOf(field: string): string {
  return /^[A-Z]+$/.test(field) ? field.toLowerCase() : field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Names the most frequent origin once, as `*`: nearly all rows come from one row of one file. */
export function compact(origins: Readonly<Record<string, Origin>>): Origins {
  const counts = new Map<string, number>();
  for (const [source, line, code] of Object.values(origins)) {
    if (code === undefined) counts.set(`${source} ${line}`, (counts.get(`${source} ${line}`) ?? 0) + 1);
  }
  const [usual] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] ?? [];
  if (usual === undefined) return origins;
  const [source, line] = usual.split(' ').map(Number);
  const named = Object.entries(origins).filter(
    ([, [one, row, code]]) => code !== undefined || one !== source || row !== line,
  );
  return { '*': [source!, line!], ...Object.fromEntries(named) };
}
