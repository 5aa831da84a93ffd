import { canny } from './canny.js';
import { rowRange, type GreyImage } from './image.js';
import { findJointRow } from './joint-row.js';
import { ssim, type SsimMode } from './ssim.js';

interface RssimOptions {
  /** Joint row of the real slice, best from `findJointRows` over the whole real volume; found on this slice alone when absent. */
  readonly jointRow?: number;
  readonly mode?: SsimMode;
}

/**
 * Structural similarity of Canny edges around the joint (paper IV-A.2), in [-1, 1]: edges of both slices (sigma 3, thresholds
 * 0.1 and 0.2), SSIM of the edge maps over the rows from a third of the femur above the joint row j to a third of the tibia
 * below it: j - j/3 to j + (H - j)/3.
 */
export function rssim(real: GreyImage, generated: GreyImage, options: RssimOptions = {}): number {
  const jointRow = options.jointRow ?? findJointRow(real);
  return edgeSsim(canny(real), canny(generated), jointRow, options.mode);
}

/** {@link rssim} for edge maps that were made before, such as those of a real volume that several generated ones are held to. */
export function edgeSsim(realEdges: GreyImage, generatedEdges: GreyImage, jointRow: number, mode?: SsimMode): number {
  const { from, to } = jointRegion(jointRow, realEdges.rows);
  return ssim(rowRange(realEdges, from, to), rowRange(generatedEdges, from, to), mode);
}

/** Rows (from inclusive, to exclusive) of the region around joint row j of an image of `rows` rows. */
function jointRegion(jointRow: number, rows: number): { from: number; to: number } {
  return {
    from: Math.floor(jointRow - jointRow / 3),
    to: Math.ceil(jointRow + (rows - jointRow) / 3),
  };
}
