import DataLoader from 'dataloader';
import type { DataSource } from 'typeorm';
import {
  ApiToken,
  Asset,
  AuditEntry,
  Batch,
  Bundle,
  Cohort,
  DerivedVariable,
  Generation,
  GenerationOutput,
  GenerationSlice,
  JointOutcome,
  KneeExam,
  MriSeries,
  Note,
  Participant,
  Radiograph,
  RadiographReading,
  Reading,
  UploadedMask,
  Tag,
  UploadedRadiograph,
  Visit,
  Webhook,
} from '../entities/index.js';
import { manyByParent, oneByKey } from './batches.js';
import { radiographsOfExams } from './radiographs.js';
import { currentDefinitions, currentVersions } from './versions.js';

export { generationUploads, sharedAssets, type SharedRows } from './shared-rows.js';

/**
 * One request's loaders: whatever a page nests, each relation costs one statement. They remember what they loaded, so a
 * set of them must not outlive the request, or the event, it was made for.
 */
export type Loaders = ReturnType<typeof createLoaders>;

export function createLoaders(dataSource: DataSource) {
  const by = <T extends object>(entity: new () => T, column: string, type: 'integer' | 'uuid' = 'integer') => ({
    dataSource,
    entity,
    column,
    type,
  });
  return {
    participant: oneByKey<number, Participant>('participant', by(Participant, 'id')),
    visit: oneByKey<number, Visit>('visit', by(Visit, 'id')),
    kneeExam: oneByKey<number, KneeExam>('knee exam', by(KneeExam, 'id')),
    reading: oneByKey<number, Reading>('reading', by(Reading, 'id')),
    radiograph: oneByKey<number, Radiograph>('radiograph', by(Radiograph, 'id')),
    mriSeries: oneByKey<number, MriSeries>('MRI series', by(MriSeries, 'id')),
    asset: oneByKey<number, Asset>('asset', by(Asset, 'id')),
    bundle: oneByKey<number, Bundle>('bundle', by(Bundle, 'id')),
    apiToken: oneByKey<number, ApiToken>('token', by(ApiToken, 'id')),
    auditEntry: oneByKey<number, AuditEntry>('row of the audit', by(AuditEntry, 'id')),
    webhook: oneByKey<number, Webhook>('webhook', by(Webhook, 'id')),
    generation: oneByKey<string, Generation>('generation', by(Generation, 'id', 'uuid')),
    upload: oneByKey<string, UploadedRadiograph>('uploaded radiograph', by(UploadedRadiograph, 'id', 'uuid')),
    mask: oneByKey<string, UploadedMask>('uploaded mask', by(UploadedMask, 'id', 'uuid')),
    radiographReading: oneByKey<string, RadiographReading>('radiograph reading', by(RadiographReading, 'id', 'uuid')),
    batch: oneByKey<string, Batch>('batch', by(Batch, 'id', 'uuid')),
    cohort: oneByKey<string, Cohort>('cohort', by(Cohort, 'id', 'uuid')),
    derivedVariable: oneByKey<string, DerivedVariable>('derived variable', by(DerivedVariable, 'id', 'uuid')),
    currentVersionOfCohort: currentVersions(dataSource),
    currentDefinitionOfVariable: currentDefinitions(dataSource),
    visitsOfParticipant: manyByParent<number, Visit>(by(Visit, 'participant_id'), 'code'),
    examsOfParticipant: manyByParent<number, KneeExam>(
      by(KneeExam, 'participant_id'),
      '(SELECT visit.code FROM visit WHERE visit.id = knee_exam.visit_id), side DESC',
    ),
    jointOutcomesOfParticipant: manyByParent<number, JointOutcome>(
      by(JointOutcome, 'participant_id'),
      'joint DESC, side DESC',
    ),
    examsOfVisit: manyByParent<number, KneeExam>(by(KneeExam, 'visit_id'), 'side DESC'),
    readingsOfExam: manyByParent<number, Reading>(by(Reading, 'exam_id'), 'project'),
    radiographsOfExam: radiographsOfExams(dataSource),
    realSeriesOfExam: manyByParent<number, MriSeries>(by(MriSeries, 'exam_id'), 'id', 'NOT synthetic'),
    seriesOfExam: manyByParent<number, MriSeries>(by(MriSeries, 'exam_id'), 'id'),
    seriesOfGeneration: manyByParent<string, MriSeries>(by(MriSeries, 'generation_id', 'uuid'), 'id'),
    radiographReadingsOfExam: manyByParent<number, RadiographReading>(
      by(RadiographReading, 'exam_id'),
      'created_at DESC, id',
    ),
    radiographReadingsOfUpload: manyByParent<string, RadiographReading>(
      by(RadiographReading, 'upload_id', 'uuid'),
      'created_at DESC, id',
    ),
    tagsOfExam: manyByParent<number, Tag>(by(Tag, 'exam_id'), 'name'),
    tagsOfGeneration: manyByParent<string, Tag>(by(Tag, 'generation_id', 'uuid'), 'name'),
    notesOfExam: manyByParent<number, Note>(by(Note, 'exam_id'), 'id'),
    notesOfGeneration: manyByParent<string, Note>(by(Note, 'generation_id', 'uuid'), 'id'),
    outputsOfGeneration: manyByParent<string, GenerationOutput>(
      by(GenerationOutput, 'generation_id', 'uuid'),
      'kind, index',
    ),
    slicesOfGeneration: manyByParent<string, GenerationSlice>(by(GenerationSlice, 'generation_id', 'uuid'), 'index'),
  };
}

/** A loader for each distinct argument list of a field, made when first asked for. */
export class LoadersByArguments<K, V> {
  private readonly loaders = new Map<string, DataLoader<K, V>>();

  /** @param load what all parents with these arguments need, in the parents' order. */
  for(args: unknown, load: (keys: readonly K[]) => Promise<V[]>): DataLoader<K, V> {
    const key = JSON.stringify(args);
    let loader = this.loaders.get(key);
    if (!loader) this.loaders.set(key, (loader = new DataLoader(load)));
    return loader;
  }
}
