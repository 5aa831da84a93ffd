import type { EntityManager } from 'typeorm';
import { chooseReadyBundle } from '../../../bundles/index.js';
import { refuse } from '../../checks.js';
import { newestKneeDetector } from '../../knee-detector.js';
import type { CohortRecipe, CohortRequest } from '../cohort.js';
import { filmOfExam } from '../cohort-source.js';
import { progressionKeySql } from './keys.js';
import { progressionWish } from './request.js';

/** The knee of every exam at another grade, from the grade of its preferred reading on, where it has one. */
export async function kneesForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  const { progression, bundle: name } = request;
  for (const field of ['sliceCount', 'sampler', 'eta', 'noise', 'features', 'steps', 'seed'] as const) {
    if (request[field] != null) {
      refuse(`${field} is of other tasks; the task XRAY_PROGRESSION takes progression instead.`);
    }
  }
  if (progression == null) refuse('The task XRAY_PROGRESSION needs progression, which says what grade is wished.');
  const wish = progressionWish(progression, null);
  const bundle = await chooseReadyBundle(manager, name, 'xray-progression');
  const { name: grader, version, sha256 } = await chooseReadyBundle(manager, undefined, 'radiograph-reading');
  const kneeDetector = (await newestKneeDetector(manager))?.sha256 ?? null;
  const parameters = { ...wish, grader: { name: grader, version, sha256 } };
  const own = (grades: string) => `jsonb_build_object('ownKl', (${grades} ->> 'XRKL')::smallint)`;
  return {
    bundle,
    batch: { task: 'xray-progression', parameters, steps: 1, eta: 0 },
    source: filmOfExam,
    columns: (bind) => ({
      task: bind('xray-progression', 'text'),
      parameters: `${bind(parameters, 'jsonb')} || ${own('grades')} || jsonb_build_object('film', CASE WHEN source_rows IS NOT NULL
        THEN jsonb_build_object('rows', source_rows, 'columns', source_columns) END)`,
      steps: bind(1, 'smallint'),
    }),
    key: (bind) =>
      progressionKeySql({
        bundle: bind(bundle.sha256, 'text'),
        film: 'source.sha256',
        parameters: `(${bind(parameters, 'jsonb')} || ${own('exam.grades')})`,
        knee: 'exam.side::text',
        box: 'NULL::jsonb',
        kneeDetector: bind(kneeDetector, 'text'),
      }),
  };
}
