/** Super-resolution of MRI series around the networks: correction, the fine grid, and files. */
export { fineSlices } from './fine-slices.js';
export { type Gradients, type GradientsDigest, gradientsIn, gradientsSchema, readGradients } from './gradients.js';
export { planSuperres, type SuperresPlan } from './plan.js';
export { MAX_THINNED_VOXELS, THROUGH_PLANE, thinned, thinningShare, thinSlices } from './through-plane.js';
export { superresInWords, superresLabel } from './words.js';
export { SUPERRES_NIFTI, writeFineSeries } from './write.js';
