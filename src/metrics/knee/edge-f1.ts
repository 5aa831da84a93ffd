import { canny } from '../canny.js';
import { assertComparable, type GreyImage } from '../image.js';
import { type JointWindow, jointWindow } from './joint-window.js';

/** Edges finer than RSSIM's: cartilage and cortex, not only the outlines of bones. */
const CANNY = { sigma: 1.5, low: 0.05, high: 0.12 } as const;

/** How far apart two edges may be that count as one, mm: two pixels of the trained grid. */
const TOLERANCE_MM = 1.25;

/**
 * F1 of the edges around the joint, in [0, 1]: of the generated edges those within 1.25 mm of a real one (precision), of the real
 * edges those within 1.25 mm of a generated one (recall), and their harmonic mean. 0 for an image without an edge, which RSSIM takes
 * for a good one.
 *
 * @param jointRow of the real slice
 * @param spacing pixel spacing in mm
 * @returns null where the real slice has no edge around the joint
 * @throws RangeError for images of different sizes
 */
export function edgeF1(real: GreyImage, generated: GreyImage, jointRow: number, spacing: number): number | null {
  assertComparable(real, generated);
  const window = jointWindow(real, jointRow, spacing);
  const [wanted, found] = [kneeEdges(real, window), kneeEdges(generated, window)];
  if (!wanted.data.some(Boolean)) return null;
  const reach = TOLERANCE_MM / spacing;
  const precision = shareNear(found, wanted, reach);
  const recall = shareNear(wanted, found, reach);
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Canny's edges of the whole slice, cut to the window. */
function kneeEdges(image: GreyImage, { top, bottom, left, right }: JointWindow): GreyImage {
  const { data, columns } = canny(image, CANNY);
  const rows: number[] = [];
  for (let row = top; row < bottom; row++) rows.push(...data.subarray(row * columns + left, row * columns + right));
  return { rows: bottom - top, columns: right - left, data: Float64Array.from(rows) };
}

/** Share of the edge pixels of one map that lie within `reach` pixels of one of another; 0 for a map without any. */
function shareNear({ rows, columns, data }: GreyImage, other: GreyImage, reach: number): number {
  const steps = discOf(reach);
  let edges = 0;
  let near = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (data[row * columns + column] === 0) continue;
      edges++;
      const hit = steps.some(([down, right]) => {
        const [r, c] = [row + down, column + right];
        return r >= 0 && r < rows && c >= 0 && c < columns && other.data[r * columns + c] !== 0;
      });
      if (hit) near++;
    }
  }
  return edges === 0 ? 0 : near / edges;
}

function discOf(radius: number): [number, number][] {
  const whole = Math.floor(radius);
  const steps: [number, number][] = [];
  for (let down = -whole; down <= whole; down++) {
    for (let right = -whole; right <= whole; right++) {
      if (down * down + right * right <= radius * radius) steps.push([down, right]);
    }
  }
  return steps;
}
