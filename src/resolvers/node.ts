import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import type { NodeKey } from '../domain/global-ids.js';
import { kneeOfKey } from '../domain/knees.js';
import { NoteNode } from '../schema/annotation.js';
import { AuditEntryNode } from '../schema/audit.js';
import { BatchNode } from '../schema/batch.js';
import { BundleNode } from '../schema/bundle.js';
import { CohortNode } from '../schema/cohort.js';
import { DerivedVariableNode } from '../schema/derived-variable.js';
import { DicomSendingNode } from '../schema/dicom-sending.js';
import { EvaluationNode } from '../schema/evaluation.js';
import { ExportNode } from '../schema/export.js';
import { GenerationNode } from '../schema/generation.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { KneeNode } from '../schema/knee.js';
import { MeasurementNode } from '../schema/measurement.js';
import { Node } from '../schema/node.js';
import { ParticipantNode } from '../schema/participant.js';
import { QuarantinedImageNode } from '../schema/quarantine.js';
import { RadiographReadingNode } from '../schema/radiograph-reading.js';
import { ReaderStudyNode } from '../schema/reader-study.js';
import { ReadingNode } from '../schema/reading.js';
import { T2MapNode } from '../schema/t2-map.js';
import { UploadedMaskNode, UploadedRadiographNode } from '../schema/upload.js';
import { ApiTokenNode } from '../schema/viewer.js';
import { VisitNode } from '../schema/visit.js';
import { WebhookDeliveryNode, WebhookNode } from '../schema/webhook.js';
import { WorkerNode } from '../schema/worker.js';
import { findNote } from '../services/annotations/index.js';
import { findArrivalRule } from '../services/arrivals/index.js';
import { findCohort } from '../services/cohorts/index.js';
import { findDerivedVariable } from '../services/derived/index.js';
import { findEvaluation } from '../services/evaluations/index.js';
import { findExport } from '../services/exports/index.js';
import { findQuarantined } from '../services/imports/index.js';
import { findMeasurement } from '../services/measurements/index.js';
import { findWorker } from '../scheduling/index.js';
import { findSending } from '../services/sendings/index.js';
import { findReaderStudy } from '../services/reader-studies/index.js';
import { findT2Map } from '../services/t2-maps/index.js';
import { findDelivery, findWebhook } from '../services/webhooks/index.js';
import { arrivalRuleNode } from './arrival-rules.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { visibleGeneration, visibleMask, visibleReading, visibleSeries, visibleUpload } from './visible.js';

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'The node with this id; null when there is none.' })
  async node(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Of any kind of node.' }) id: string,
  ): Promise<Node | null> {
    return lookUp(context, id, 'id');
  }

  @Query(() => [Node], {
    nullable: 'items',
    description: 'The nodes with these ids, in their order; null in the place of one that is not there.',
    complexity: ({ args, childComplexity }) => 1 + (args as { ids: string[] }).ids.length * childComplexity,
  })
  nodes(
    @Ctx() context: Context,
    @Arg('ids', () => [ID], { description: 'Of any kinds of nodes, 1 to 200.' }) ids: string[],
  ): Promise<(Node | null)[]> {
    if (ids.length < 1 || ids.length > MAX_IDS) {
      throw new UserError('BAD_USER_INPUT', `ids must be between 1 and ${MAX_IDS}, got ${ids.length}.`);
    }
    return Promise.all(ids.map((id, index) => lookUp(context, id, `ids[${index}]`)));
  }
}

/** Ids that one request may look up. */
const MAX_IDS = 200;

async function lookUp(context: Context, id: string, argument: string): Promise<Node | null> {
  requireRole(context, 'ANALYST', 'Reading records');
  const decoded = decodeId(id);
  if (!decoded) throw new UserError('BAD_USER_INPUT', `${argument} is not an id of this API.`);
  if (decoded.type === 'ApiToken') requireRole(context, 'ADMIN', 'Reading tokens');
  if (decoded.type === 'AuditEntry') requireRole(context, 'ADMIN', 'Reading the audit');
  if (decoded.type === 'QuarantinedImage') requireRole(context, 'OPERATOR', 'Reading the quarantine');
  if (decoded.type === 'ArrivalRule') requireRole(context, 'OPERATOR', 'Reading arrival rules');
  if (decoded.type === 'DicomSending') requireRole(context, 'OPERATOR', 'Reading sendings');
  if (decoded.type === 'Webhook') requireRole(context, 'OPERATOR', 'Reading webhooks');
  if (decoded.type === 'WebhookDelivery') requireRole(context, 'OPERATOR', 'Reading deliveries');
  return findOrNull(findNode(context, decoded));
}

/** What a lookup found; null where there is nothing to find. */
export async function findOrNull<T>(lookup: Promise<T>): Promise<T | null> {
  try {
    return await lookup;
  } catch (error) {
    if (error instanceof UserError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

async function findNode(context: Context, { type, key }: NodeKey): Promise<Node> {
  const { platform, viewer, loaders } = context;
  const id = Number(key);
  switch (type) {
    case 'Participant':
      return new ParticipantNode(await loaders.participant.load(id));
    case 'Visit':
      return new VisitNode(await loaders.visit.load(id));
    case 'Knee': {
      const keys = kneeOfKey(id);
      await loaders.participant.load(keys.participantId);
      return new KneeNode(keys);
    }
    case 'KneeExam':
      return new KneeExamNode(await loaders.kneeExam.load(id));
    case 'Reading':
      return new ReadingNode(await loaders.reading.load(id));
    case 'Radiograph':
      return new RadiographNode(await loaders.radiograph.load(id));
    case 'MriSeries':
      return new MriSeriesNode(await visibleSeries(context, id));
    case 'Bundle':
      return new BundleNode(await loaders.bundle.load(id));
    case 'Generation':
      return new GenerationNode(await visibleGeneration(context, String(key)));
    case 'UploadedRadiograph':
      return new UploadedRadiographNode(await visibleUpload(context, String(key)));
    case 'UploadedMask':
      return new UploadedMaskNode(await visibleMask(context, String(key)));
    case 'Batch':
      return new BatchNode(await loaders.batch.load(String(key)));
    case 'Cohort':
      return new CohortNode(await findCohort(platform.dataSource, viewer, String(key)));
    case 'DerivedVariable':
      return new DerivedVariableNode(await findDerivedVariable(platform.dataSource, String(key)));
    case 'Evaluation':
      return new EvaluationNode(await findEvaluation(platform.dataSource, String(key)));
    case 'ReaderStudy':
      return new ReaderStudyNode(await findReaderStudy(platform.dataSource, String(key)));
    case 'ReaderSession':
      // Sessions are their readers' own and no nodes.
      throw new UserError('NOT_FOUND', 'There is no such node.');
    case 'Export':
      return new ExportNode(await findExport(platform.dataSource, viewer, id));
    case 'RadiographReading':
      return new RadiographReadingNode(await visibleReading(context, String(key)));
    case 'ArrivalRule':
      return arrivalRuleNode(await findArrivalRule(platform.dataSource, id), context);
    case 'DicomSending':
      return new DicomSendingNode(await findSending(platform.dataSource, viewer, id));
    case 'T2Map':
      return new T2MapNode(await findT2Map(platform.dataSource, id));
    case 'Measurement':
      return new MeasurementNode(await findMeasurement(platform.dataSource, viewer, id));
    case 'Note':
      return new NoteNode(await findNote(platform.dataSource, viewer, id));
    case 'Webhook':
      return new WebhookNode(await findWebhook(platform.dataSource, viewer, id));
    case 'WebhookDelivery':
      return new WebhookDeliveryNode(await findDelivery(platform.dataSource, viewer, id));
    case 'QuarantinedImage':
      return new QuarantinedImageNode(await findQuarantined(platform.dataSource, id));
    case 'Worker':
      return new WorkerNode(await findWorker(platform.dataSource, String(key)));
    case 'AuditEntry':
      return new AuditEntryNode(await loaders.auditEntry.load(id));
    case 'ApiToken':
      return new ApiTokenNode(await loaders.apiToken.load(id));
  }
}
