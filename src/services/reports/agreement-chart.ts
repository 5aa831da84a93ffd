import { JOINT_SIDES } from '../../domain/evaluations.js';
import { chart, type Chart } from './chart.js';
import type { ReportInput } from './input.js';
import { spacePairs } from './knee-results.js';

/** Arms that are drawn: more would be too small to read. */
const SHOWN = 4;

/** Joint space of each arm's volumes against the own series, as Bland and Altman draw it; none where nothing could be paired. */
export function agreementChart({ arms, volumes, results, note, reference }: ReportInput): Chart[] {
  const shown = arms.slice(0, SHOWN).map(({ label }, arm) => ({ label, subject: { arm, reference: null } }));
  const panels = [...shown, { label: 'the film', subject: { arm: null, reference: null } }].flatMap(
    ({ label, subject }) => {
      const points = JOINT_SIDES.flatMap((compartment) =>
        spacePairs(volumes, subject, compartment).map(({ own, other }) => ({
          compartment: compartment.toLowerCase(),
          mean: (own + other) / 2,
          difference: other - own,
        })),
      );
      const lines = results.jointSpace
        .filter((row) => row.arm === subject.arm && row.reference === null)
        .flatMap(({ compartment, agreement }) =>
          agreement
            ? (
                [
                  ['mean', agreement.bias],
                  ['limit', agreement.lower],
                  ['limit', agreement.upper],
                ] as const
              ).map(([what, value]) => ({ compartment: compartment.toLowerCase(), what, value }))
            : [],
        );
      return points.length === 0 ? [] : panel(label, points, lines);
    },
  );
  if (panels.length === 0) return [];
  const left = arms.length - shown.length;
  const caption =
    `Each point is a compartment of a knee; solid lines are mean differences, dashed ones the limits between which 95 % of normal ` +
    `differences lie. The film is held to the same series of the ${reference}: a volume that agrees no better adds nothing. ` +
    (left > 0 ? `${left} more arms are in the table. ` : '') +
    note;
  return [chart('joint-space', 'Joint space: limits of agreement', caption, { vconcat: panels, spacing: 18 })];
}

function panel(label: string, points: object[], lines: object[]): object {
  const color = {
    field: 'compartment',
    type: 'nominal',
    sort: JOINT_SIDES.map((side) => side.toLowerCase()),
    title: null,
    legend: { orient: 'bottom' },
  };
  const x = { field: 'mean', type: 'quantitative', scale: { zero: false }, title: 'mean of both, mm' };
  const y = (field: string) => ({ field, type: 'quantitative', title: 'difference from the own series, mm' });
  const strokeDash = {
    field: 'what',
    type: 'nominal',
    scale: {
      domain: ['mean', 'limit'],
      range: [
        [1, 0],
        [6, 4],
      ],
    },
    legend: null,
  };
  return {
    title: { text: label, fontWeight: 'normal', fontSize: 12 },
    width: 460,
    height: 180,
    data: { values: points },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 40, opacity: 0.7, tooltip: true },
        encoding: { x, y: y('difference'), color },
      },
      {
        data: { values: lines },
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { y: y('value'), color, strokeDash },
      },
    ],
  };
}
