import { encodeId } from '../../../domain/global-ids.js';
import type { Generation } from '../../../entities/index.js';
import { parametersOf, type Provenance, provenanceOf } from '../../generations/index.js';
import type { Columns, ListedFile } from './listed.js';

/** What one generation made, as the manifests list it. */
export interface ListedResult {
  synthetic: true;
  /** Ids by which the API knows it and its exam. */
  generation: string;
  exam: string;
  oaiId: string;
  /** True where the film or series that it was made from is of a phantom. */
  phantom: boolean;
  visit: string;
  side: string;
  /** What was asked, in the API's words. */
  parameters: object;
  provenance: Provenance;
  files: ListedFile[];
}

/** @param generation with bundle, film, source series and exam */
export function listedResult(generation: Generation, files: ListedFile[]): ListedResult {
  const { exam, side, bundle, radiograph, sourceSeries } = generation;
  const { visit } = exam!;
  return {
    synthetic: true,
    generation: encodeId('Generation', generation.id),
    exam: encodeId('KneeExam', exam!.id),
    oaiId: visit.participant.oaiId,
    phantom: (sourceSeries ?? radiograph)?.provenance === 'PHANTOM',
    visit: visit.code,
    side: side ?? exam!.side,
    parameters: parametersOf(generation),
    provenance: provenanceOf(generation, bundle),
    files,
  };
}

/** Columns of manifest.csv. */
export const RESULT_COLUMNS: Columns<ListedResult> = {
  path: (_, { path }) => path,
  sha256: (_, { sha256 }) => sha256,
  bytes: (_, { bytes }) => bytes,
  synthetic: ({ synthetic }) => synthetic,
  task: ({ provenance }) => provenance.task,
  parameters: ({ parameters }) => JSON.stringify(parameters),
  oai_id: ({ oaiId }) => oaiId,
  phantom: ({ phantom }) => phantom,
  visit: ({ visit }) => visit,
  side: ({ side }) => side,
  exam_id: ({ exam }) => exam,
  generation_id: ({ generation }) => generation,
  bundle: ({ provenance }) => provenance.bundle.name,
  bundle_version: ({ provenance }) => provenance.bundle.version,
  bundle_sha256: ({ provenance }) => provenance.bundle.sha256,
  duration_ms: ({ provenance }) => provenance.durationMs,
};
