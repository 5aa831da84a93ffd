/** Image quality in float64, pinned to scikit-image 0.26 by test/golden/metrics.json. */
export { acutance } from './acutance.js';
export { canny } from './canny.js';
export { adjacentCorrelation, correlation } from './correlation.js';
export { dice } from './dice.js';
export { frechetDistance, kernelDistance, type FeatureRows, type SetDistance } from './distribution.js';
export { greyImage, regionMask, type GreyImage, type GreyVolume, type Mask } from './image.js';
export { findJointRow, findJointRows } from './joint-row.js';
export * from './knee/index.js';
export { multiScaleSsim } from './multi-scale-ssim.js';
export { psnr, volumePsnr } from './psnr.js';
export { edgeSsim, rssim } from './rssim.js';
export { quartiles, VolumeScorer, type KneeScores, type SliceScores } from './scores.js';
export { sobelDifference } from './sobel-difference.js';
export { ssim, volumeSsim, type SsimMode } from './ssim.js';
