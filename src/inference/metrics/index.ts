/** Image quality in float64, pinned to scikit-image 0.26 by test/golden/metrics.json. */
export { canny, type CannyOptions } from './canny.js';
export { adjacentCorrelation, correlation } from './correlation.js';
export type { GreyImage } from './image.js';
export { findJointRow, findJointRows } from './joint-row.js';
export { psnr } from './psnr.js';
export { edgeSsim, jointRegion, rssim, type RssimOptions } from './rssim.js';
export { quartiles, VolumeScorer, type Quartiles, type SliceScores } from './scores.js';
export { sobelDifference, sobelMagnitude } from './sobel-difference.js';
export { ssim, SSIM_MODES, type SsimMode } from './ssim.js';
