/** Batches, as tasks see them: what one is told, and what a task makes of it. Each task reads its own part and refuses the others'. */
import type { EntityManager } from 'typeorm';
import type { Batch, Bundle } from '../../../entities/index.js';
import type { Task } from '../../../inference/index.js';
import type { CohortSource } from './cohort-source.js';
import type { CohortRestoration } from './image-restoration/request.js';
import type { CohortSuperResolution } from './mri-super-resolution/cohort.js';
import type { CohortProgression } from './xray-progression/request.js';
import type { RecipeRequest } from './xray-to-mri/request.js';

/** How results are to be made, whatever of. */
export interface CohortRequest extends RecipeRequest {
  /** Default: xray-to-mri. */
  task?: Task | null | undefined;
  /** What image-restoration is told. */
  restoration?: CohortRestoration | null | undefined;
  /** What xray-progression is told. */
  progression?: CohortProgression | null | undefined;
  /** What mri-super-resolution is told. */
  superResolution?: CohortSuperResolution | null | undefined;
}

/** Binds a value of a statement and gives its SQL. */
export type Bind = (value: unknown, type: string) => string;

/** What a task makes of a request, for every exam alike. */
export interface CohortRecipe {
  bundle: Bundle;
  /** Columns of the batch. */
  batch: Pick<Batch, 'task' | 'parameters' | 'steps' | 'eta'> &
    Partial<Pick<Batch, 'sliceCount' | 'sampler' | 'noise' | 'seed' | 'featureOverrides'>>;
  /** What of each exam it is made of. */
  source(bind: Bind): CohortSource;
  /**
   * What each generation has, by column: SQL over `planned`, whose row has `seed`, `grades`, and of the source `source_rows`, `source_columns`
   * and `source_slices`. A column that is left out has its default.
   */
  columns(bind: Bind): Readonly<Record<string, string>>;
  /** The key of each generation: SQL over `exam` (id, side and the grades of the preferred reading, `grades`), `source` (sha256) and `seeded` (seed). */
  key(bind: Bind): string;
}

/** @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED */
export type ForCohort = (manager: EntityManager, request: CohortRequest) => Promise<CohortRecipe>;
