import type { TaskDefinition } from '../task.js';
import { gradeKnees } from './grader.js';
import type { Grading, GradingRequest } from './grader.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';

/** Probabilities of KL 0 to 4 of knees on films, and how strange each film is to the network. */
export const radiographReading: TaskDefinition<
  'radiograph-reading',
  'grader',
  Manifest,
  GradingRequest,
  never,
  never,
  Grading[]
> = {
  name: 'radiograph-reading',
  purpose: 'Reads the KL grade of a knee off its radiograph.',
  roles: ['grader'],
  light: true,
  manifest: manifestSchema,
  tensors,
  summary: ({ reading: { farthest } }) => `films up to a distance of ${farthest}`,
  run: gradeKnees,
};
