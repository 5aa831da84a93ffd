/** Image quality in float64, pinned to scikit-image 0.26 by test/golden/metrics.json. */
export { acutance } from './acutance.js';
export { canny } from './canny.js';
export { adjacentCorrelation, correlation } from './correlation.js';
export { dice } from './dice.js';
export { frechetDistance, kernelDistance, type FeatureRows, type SetDistance } from './distribution.js';
export { greyImage, regionMask, type GreyImage, type GreyVolume, type Mask } from './image.js';
export { findJointRow, findJointRows } from './joint-row.js';
export * from './knee/index.js';
export { legColumns } from './leg.js';
export { multiScaleSsim } from './multi-scale-ssim.js';
export { psnr, volumePsnr } from './psnr.js';
export { blackSlices, meanWithout, mirroredSlices, slicesAway, type VolumeSum, withVolume } from './references.js';
export { edgeSsim, rssim } from './rssim.js';
export { type KneeScores, quartiles, type Quartiles, type SliceScores, VolumeScorer } from './scores.js';
export { sobelDifference } from './sobel-difference.js';
export { ssim, volumeSsim, type SsimMode } from './ssim.js';
