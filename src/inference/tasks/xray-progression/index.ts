import type { TaskDefinition } from '../task.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';
import { checkRemodel, remodel, type RemodelRequest } from './remodel.js';

/** What a KL grade adds near the joint of a knee whose joint space has been closed to it. */
export const xrayProgression: TaskDefinition<
  'xray-progression',
  'remodeller',
  Manifest,
  RemodelRequest,
  never,
  never,
  Float32Array
> = {
  name: 'xray-progression',
  purpose: 'Shows a knee film at other KL grades, frame by frame: the joint closes or opens, and bone near it changes.',
  roles: ['remodeller'],
  light: true,
  manifest: manifestSchema,
  tensors,
  check: checkRemodel,
  summary: ({ progression: { widths } }) =>
    `joint space ${widths.both.medial[0]} to ${widths.both.medial[4]} % of the knee's width, medial, from KL 0 to 4`,
  run: remodel,
};
