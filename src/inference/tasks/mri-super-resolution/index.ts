import type { TaskDefinition } from '../task.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';
import { checkSuperResolution, superResolveSlice } from './super-resolve.js';
import type {
  FineTile,
  SuperResolutionProgress,
  SuperResolutionRequest,
  SuperResolutionSummary,
} from './super-resolve.js';

/** A slice of an MRI series on a finer grid; tile by tile. */
export const mriSuperResolution: TaskDefinition<
  'mri-super-resolution',
  'student' | 'teacher',
  Manifest,
  SuperResolutionRequest,
  FineTile,
  SuperResolutionProgress,
  SuperResolutionSummary
> = {
  name: 'mri-super-resolution',
  purpose: 'Brings an MRI series to a finer grid in plane, corrected for gradient nonlinearity and coil bias.',
  roles: ['student', 'teacher'],
  light: false,
  manifest: manifestSchema,
  tensors,
  check: checkSuperResolution,
  summary: ({ ranges, superResolution: { teacher } }) =>
    `${ranges.scale[0]} to ${ranges.scale[1]} times as many pixels, by a student in 1 step or its teacher in ${teacher.defaultSteps}`,
  run: superResolveSlice,
};
