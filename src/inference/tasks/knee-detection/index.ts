import type { TaskDefinition } from '../task.js';
import { findKnees } from './detector.js';
import type { FilmRequest, FoundKnee } from './detector.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';

/** Knees on a whole film, surest first. */
export const kneeDetection: TaskDefinition<
  'knee-detection',
  'detector',
  Manifest,
  FilmRequest,
  never,
  never,
  FoundKnee[]
> = {
  name: 'knee-detection',
  purpose: 'Finds the knees on a film.',
  roles: ['detector'],
  light: true,
  manifest: manifestSchema,
  tensors,
  summary: ({ detector: { threshold } }) => `knees from confidence ${threshold} on`,
  run: findKnees,
};
