/** Image quality in float64, pinned to scikit-image 0.26 by test/golden/metrics.json. */
export { canny } from './canny.js';
export { adjacentCorrelation, correlation } from './correlation.js';
export type { GreyImage } from './image.js';
export { findJointRow, findJointRows } from './joint-row.js';
export { psnr } from './psnr.js';
export { edgeSsim, rssim } from './rssim.js';
export { quartiles, VolumeScorer, type SliceScores } from './scores.js';
export { sobelDifference } from './sobel-difference.js';
export { ssim } from './ssim.js';
