import type { TaskDefinition } from '../task.js';
import { lookAtFilm } from './detector.js';
import type { FilmRequest, SeenFilm } from './detector.js';
import { type Manifest, manifestSchema, tensors } from './manifest.js';

/** Knees on a whole film, and what else it shows. */
export const kneeDetection: TaskDefinition<
  'knee-detection',
  'detector',
  Manifest,
  FilmRequest,
  never,
  never,
  SeenFilm
> = {
  name: 'knee-detection',
  purpose: 'Finds the knees on a film.',
  roles: ['detector'],
  light: true,
  manifest: manifestSchema,
  tensors,
  summary: ({ detector: { threshold } }) => `knees from confidence ${threshold} on`,
  run: lookAtFilm,
};
