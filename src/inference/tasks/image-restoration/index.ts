import type { TaskDefinition } from '../task.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';
import { checkRestoration, restoreFilm } from './restore.js';
import type { RestorationProgress, RestorationRequest, RestorationSummary, RestoredTile } from './restore.js';

/** A film with less noise, more resolution, or a hidden place filled in; tile by tile. */
export const imageRestoration: TaskDefinition<
  'image-restoration',
  'restorer',
  Manifest,
  RestorationRequest,
  RestoredTile,
  RestorationProgress,
  RestorationSummary
> = {
  name: 'image-restoration',
  purpose: 'Restores a radiograph: takes noise away, adds resolution, fills in what a mask hides.',
  roles: ['restorer'],
  light: false,
  manifest: manifestSchema,
  tensors,
  check: checkRestoration,
  summary: ({ ranges, restoration }) =>
    `noise up to ${ranges.sigma[1]} of 255, enlargement up to ${ranges.scale[1]} times, in ${restoration.defaultSteps} step`,
  run: restoreFilm,
};
