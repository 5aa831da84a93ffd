import type { TaskDefinition } from '../task.js';
import { checkInpainting, inpaintSlice } from './inpaint.js';
import type { InpaintedTile, InpaintingProgress, InpaintingRequest, InpaintingSummary } from './inpaint.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';

/** A slice of an MRI series with its hidden places filled in; tile by tile. */
export const mriInpainting: TaskDefinition<
  'mri-inpainting',
  'inpainter',
  Manifest,
  InpaintingRequest,
  InpaintedTile,
  InpaintingProgress,
  InpaintingSummary
> = {
  name: 'mri-inpainting',
  purpose: 'Fills in what a mask hides in an MRI series: metal, a cut edge of the field of view, lost slices.',
  roles: ['inpainter'],
  light: false,
  manifest: manifestSchema,
  tensors,
  check: checkInpainting,
  summary: ({ inpainting: { neighbours, defaultSteps } }) =>
    `fills in slices from themselves and ${neighbours} on either side, in ${defaultSteps} step${defaultSteps === 1 ? '' : 's'}`,
  run: inpaintSlice,
};
