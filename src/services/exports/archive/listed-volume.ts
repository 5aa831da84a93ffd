import { encodeId } from '../../../domain/global-ids.js';
import type { VolumeProvenance } from '../../generations/index.js';
import { type ExamSeriesSource, kindOf, provenanceOfSeries, type SeriesKind } from '../../series/index.js';
import type { Columns, ListedFile } from './listed.js';

/** A volume of an archive. */
export interface ListedVolume {
  /** `real`, `phantom` or `synthetic`: its folder at the top. */
  kind: SeriesKind;
  /** True unless it was taken of a person. */
  synthetic: boolean;
  /** Ids by which the API knows it. */
  series: string;
  exam: string;
  oaiId: string;
  /** True where it, or the film that it was generated from, is of a phantom. */
  phantom: boolean;
  visit: string;
  side: string;
  sequence: string;
  barcode: string | null;
  /** Millimetres between columns and rows, and between slices. */
  pixelSpacing: number | null;
  sliceSpacing: number | null;
  slices: number | null;
  /** Digest of the stored NIfTI file. */
  volumeSha256: string;
  /** Where a generated volume comes from; null for any other. */
  provenance: VolumeProvenance | null;
  files: ListedFile[];
}

/** A volume as the manifests list it. */
export function listedVolume(source: ExamSeriesSource, files: ListedFile[]): ListedVolume {
  const { id, exam, sequence, barcode, pixelSpacing, sliceSpacing, sliceCount, asset } = source;
  const { visit } = exam;
  const { oaiId } = visit.participant;
  const kind = kindOf(source);
  const shown = source.generation?.radiograph ?? source;
  return {
    kind,
    synthetic: kind !== 'real',
    series: encodeId('MriSeries', id),
    exam: encodeId('KneeExam', exam.id),
    oaiId,
    phantom: shown.provenance === 'PHANTOM',
    visit: visit.code,
    side: exam.side,
    sequence,
    barcode,
    pixelSpacing,
    sliceSpacing,
    slices: sliceCount,
    volumeSha256: asset.sha256,
    provenance: provenanceOfSeries(source),
    files,
  };
}

/** Columns of manifest.csv, one row per file. */
export const VOLUME_COLUMNS: Columns<ListedVolume> = {
  path: (_, { path }) => path,
  sha256: (_, { sha256 }) => sha256,
  bytes: (_, { bytes }) => bytes,
  kind: ({ kind }) => kind,
  synthetic: ({ synthetic }) => synthetic,
  oai_id: ({ oaiId }) => oaiId,
  phantom: ({ phantom }) => phantom,
  visit: ({ visit }) => visit,
  side: ({ side }) => side,
  sequence: ({ sequence }) => sequence,
  barcode: ({ barcode }) => barcode,
  series_id: ({ series }) => series,
  exam_id: ({ exam }) => exam,
  volume_sha256: ({ volumeSha256 }) => volumeSha256,
  generation_id: ({ provenance }) => provenance && encodeId('Generation', provenance.generation),
  bundle: ({ provenance }) => provenance?.bundle.name,
  bundle_version: ({ provenance }) => provenance?.bundle.version,
  bundle_sha256: ({ provenance }) => provenance?.bundle.sha256,
  code_version: ({ provenance }) => provenance?.code?.version,
  code_commit: ({ provenance }) => provenance?.code?.commit,
  seed: ({ provenance }) => provenance?.seed,
  sampler: ({ provenance }) => provenance?.sampler,
  steps: ({ provenance }) => provenance?.steps,
  eta: ({ provenance }) => provenance?.eta,
  noise: ({ provenance }) => provenance?.noise,
  grade_guidance: ({ provenance }) => provenance?.gradeGuidance,
  film_sha256: ({ provenance }) => provenance?.film?.sha256,
  device: ({ provenance }) => provenance?.device,
  duration_ms: ({ provenance }) => provenance?.durationMs,
};
