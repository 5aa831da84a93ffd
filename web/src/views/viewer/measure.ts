import { angleAt, distance, footOn, type Point } from './geometry.ts';
import type { Plane } from './planes.ts';

/** What can be measured, the API's name of it, how many points it takes, and what each of them is. */
export const MEASURES = {
  length: { name: 'Length', type: 'LENGTH', points: ['one end', 'the other end'] },
  angle: {
    name: 'Angle',
    type: 'ANGLE',
    points: ['a point on the first line', 'where the lines meet', 'a point on the second line'],
  },
  'joint-space': {
    name: 'Joint space',
    type: 'JOINT_SPACE',
    points: [
      'a point on the tibial plateau',
      'another point on the same plateau',
      'the point of the femoral condyle nearest to it',
    ],
  },
} as const;

export type MeasureKind = keyof typeof MEASURES;

export interface Measurement {
  id: string;
  kind: MeasureKind;
  name: string;
  note: string;
  /** Null on a film. */
  plane: Plane | null;
  slice: number;
  points: readonly Point[];
  value: number;
  unit: 'mm' | 'px' | '°';
}

export function isMeasure(tool: string): tool is MeasureKind {
  return tool in MEASURES;
}

/**
 * The value of a measurement: a length between two points, an angle at the second of three, or how far the third stands off the line
 * through the first two. Pixels without a size give pixels.
 */
export function measured(
  kind: MeasureKind,
  points: readonly Point[],
  spacing: readonly [number, number] | null,
): Pick<Measurement, 'value' | 'unit'> {
  const pixel = spacing ?? [1, 1];
  const unit = spacing ? 'mm' : 'px';
  const [a, b, c] = points;
  if (kind === 'length') return { value: a && b ? distance(a, b, pixel) : 0, unit };
  if (!a || !b || !c) return { value: 0, unit: kind === 'angle' ? '°' : unit };
  if (kind === 'angle') return { value: angleAt([a, b, c], pixel), unit: '°' };
  return { value: distance(c, footOn([a, b], c, pixel), pixel), unit };
}

/** "12.3 mm". */
export function valueText({ value, unit }: Pick<Measurement, 'value' | 'unit'>): string {
  return unit === '°' ? `${value.toFixed(1)}°` : `${value.toFixed(1)} ${unit}`;
}

/** A row of the file: what was measured, on which image, of whom, by whom. */
export interface MeasuredRow extends Measurement {
  participant: string;
  examId: string;
  visit: string;
  side: string;
  image: string;
  imageId: string;
  provenance: string;
  by: string;
  at: string;
}

const COLUMNS = [
  'participant',
  'exam_id',
  'visit',
  'side',
  'image',
  'image_id',
  'provenance',
  'plane',
  'slice',
  'kind',
  'name',
  'value',
  'unit',
  'points_column_row',
  'note',
  'measured_by',
  'measured_at',
] as const;

/** The measurements as CSV (RFC 4180). Slices count from 1, points are column and row of the displayed picture from 0. */
export function measurementsCsv(rows: readonly MeasuredRow[]): string {
  const lines = rows.map((row) => [
    row.participant,
    row.examId,
    row.visit,
    row.side,
    row.image,
    row.imageId,
    row.provenance,
    row.plane ?? '',
    row.plane === null ? '' : String(row.slice + 1),
    row.kind,
    row.name,
    row.value.toFixed(3),
    row.unit === '°' ? 'deg' : row.unit,
    row.points.map(([column, line]) => `${column.toFixed(2)} ${line.toFixed(2)}`).join('; '),
    row.note,
    row.by,
    row.at,
  ]);
  return [COLUMNS, ...lines].map((cells) => cells.map(cell).join(',') + '\r\n').join('');
}

/** Quoted where it must be; what a spreadsheet would take for a formula is made text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
