import type { TaskDefinition } from '../task.js';
import { type Manifest, manifestSchema, type Role, ROLES, tensors, xraySize } from './manifest.js';
import { checkRequest, MAX_DEFAULT_BATCH } from './request.js';
import type { GeneratedSlice, StepProgress, VolumeRequest, VolumeSummary } from './request.js';
import { generateVolume } from './volume.js';

/** A coronal MRI volume from a knee radiograph and its grades; outputs are its slices, front to back in batches. */
export const xrayToMri: TaskDefinition<
  'xray-to-mri',
  Role,
  Manifest,
  VolumeRequest,
  GeneratedSlice,
  StepProgress,
  VolumeSummary
> = {
  name: 'xray-to-mri',
  purpose: 'Makes an MRI volume from a radiograph.',
  roles: ROLES,
  light: false,
  manifest: manifestSchema,
  tensors,
  check: checkRequest,
  usual(manifest) {
    const { rows, columns, channels } = xraySize(manifest);
    const xray = new Float32Array(channels * rows * columns);
    return { xray, grades: {}, sliceCount: MAX_DEFAULT_BATCH, steps: 1, seed: 0, noise: 'SHARED' };
  },
  summary: ({ sampler: { name, steps } }) => `${name}, ${steps} step${steps === 1 ? '' : 's'}`,
  run: generateVolume,
};
