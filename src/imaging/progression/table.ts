import { stringify } from 'csv-stringify/sync';
import type { ProgressionFrame } from './frames.js';

/**
 * What was measured on each frame, as CSV. Widths are in % of the width of the knee's square, and in mm where the film says how large its
 * pixels are.
 *
 * @param mmAcross width of the square in mm, or null
 */
export function frameTable(frames: readonly Omit<ProgressionFrame, 'pixels'>[], mmAcross: number | null): string {
  const figure = (value: number | null, digits: number) => (value === null ? '' : value.toFixed(digits));
  const rows = frames.map(({ index, position, kl, jsw, space, expectedKl, leastDeterminant, farthestPx }) => [
    index,
    figure(position, 4),
    figure(kl, 3),
    figure(jsw, 3),
    figure(jsw === null || mmAcross === null ? null : (jsw * mmAcross) / 100, 3),
    figure(space.medial, 3),
    figure(space.lateral, 3),
    figure(expectedKl, 3),
    figure(leastDeterminant, 3),
    figure(farthestPx, 2),
    index === 0 ? 'no' : 'yes',
  ]);
  const columns = [
    ...['frame', 'position', 'kl', 'jsw_percent', 'jsw_mm', 'medial_percent', 'lateral_percent'],
    ...['expected_kl', 'least_jacobian', 'farthest_px', 'synthetic'],
  ];
  return stringify([columns, ...rows]);
}
