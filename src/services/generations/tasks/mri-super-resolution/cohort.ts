import type { EntityManager } from 'typeorm';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { refuse } from '../../checks.js';
import { seriesKeySql } from '../../source-series.js';
import type { CohortRecipe, CohortRequest } from '../cohort.js';
import { seriesOfExam } from '../cohort-source.js';
import { shown } from './parameters.js';
import { limitOf, stepsFor, type SuperResolutionWish, told } from './request.js';

/** A wish for a finer series of every exam. */
export interface CohortSuperResolution extends SuperResolutionWish {
  /** Description of the series that is meant, with or without the side at its end, 1 to 200 characters. */
  sequence: string;
}

const MAX_SEQUENCE_LENGTH = 200;

/** The newest series of a name of every exam, finer. */
export async function seriesForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  const { superResolution, bundle: name, steps: wished } = request;
  for (const field of ['sliceCount', 'sampler', 'eta', 'noise', 'features', 'seed'] as const) {
    if (request[field] != null) {
      refuse(`${field} is of other tasks; the task MRI_SUPER_RESOLUTION takes superResolution instead.`);
    }
  }
  if (superResolution == null) {
    refuse('The task MRI_SUPER_RESOLUTION needs superResolution, which says what series is meant, and how fine.');
  }
  const sequence = superResolution.sequence.trim();
  if (sequence.length < 1 || sequence.length > MAX_SEQUENCE_LENGTH || sequence.includes('\0')) {
    refuse(`sequence must have between 1 and ${MAX_SEQUENCE_LENGTH} characters.`);
  }
  const bundle = await chooseReadyBundle(manager, name, 'mri-super-resolution');
  const manifest = manifestOf(bundle, 'mri-super-resolution');
  const parameters = told(superResolution, manifest);
  const steps = stepsFor(wished, parameters.network, manifest);
  const { spacingMm } = manifest.ranges;
  const limit = limitOf(parameters);
  return {
    bundle,
    batch: {
      task: 'mri-super-resolution',
      parameters: { ...shown(parameters), sequence },
      steps,
      eta: 0,
    },
    source: (bind) => seriesOfExam(bind, sequence, { name: manifest.name, spacingMm, ...limit }),
    columns: (bind) => ({
      task: bind('mri-super-resolution', 'text'),
      parameters: `${bind(parameters, 'jsonb')} || jsonb_build_object('series', CASE WHEN source_rows IS NOT NULL AND source_slices IS NOT NULL
        THEN jsonb_build_object('rows', source_rows, 'columns', source_columns, 'slices', source_slices) END)`,
      steps: bind(steps, 'smallint'),
      eta: bind(0, 'real'),
    }),
    key: (bind) =>
      seriesKeySql({
        task: 'mri-super-resolution',
        bundle: bind(bundle.sha256, 'text'),
        series: 'source.sha256',
        parameters: bind(parameters, 'jsonb'),
        steps: bind(steps, 'integer'),
      }),
  };
}
