/** Inpainting of MRI series around the network: masks, what the network starts from, and files. */
export { assertOnGrid, type GivenMasks, maskOfPlaces, type MaskImage, openMask, type SeriesMask } from './mask.js';
export { type InpaintingPlan, planInpainting } from './plan.js';
export { inpaintedSlices } from './slices.js';
export { inpaintingInWords, inpaintingLabel } from './words.js';
export { INPAINTED_NIFTI, writeInpaintedSeries } from './write.js';
