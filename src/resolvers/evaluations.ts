import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  Args,
  Ctx,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import { idOf, INPUT, PageArgs, WHERE } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import type { ConnectionOf } from '../schema/connections.js';
import {
  EvaluationConnection,
  EvaluationNode,
  EvaluationCounters,
  EvaluationScoreConnection,
  EvaluationScoreItem,
} from '../schema/evaluation.js';
import { EvaluationEvent, EvaluationStateChanged, EvaluationVolumeScored } from '../schema/evaluation-event.js';
import { EvaluateBundlesInput } from '../schema/evaluation-input.js';
import { EvaluationReportItem } from '../schema/evaluation-report.js';
import { filterAsJson } from '../schema/filter-json.js';
import { GenerationNode } from '../schema/generation.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity, jobComplexity } from '../schema/limits.js';
import { CancelEvaluationInput, CancelEvaluationPayload, EvaluateBundlesPayload } from '../schema/mutations.js';
import type { EvaluationPayload, IdInput } from '../schema/mutations.js';
import { EvaluationFilter } from '../schema/work-filters.js';
import {
  cancelEvaluation,
  EVALUATION_LISTING,
  EVALUATION_SCORE_LISTING,
  EVALUATIONS,
  evaluationFile,
  findEvaluation,
  type LoggedEvaluationEvent,
  progressOf,
  requestEvaluation,
} from '../services/evaluations/index.js';
import { cohortFilter } from '../services/exports/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import { connection, nestedConnection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { signedAsset } from './images.js';
import { findOrNull } from './node.js';

@Resolver(() => EvaluationNode)
export class EvaluationResolver {
  @Query(() => EvaluationConnection, { description: 'The newest first.', complexity: connectionComplexity })
  evaluations(
    @Ctx() context: Context,
    @Arg('comparisonKey', () => String, {
      nullable: true,
      description: 'Only evaluations on the same exams with the same settings.',
    })
    comparisonKey: string | null,
    @Arg('where', () => EvaluationFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<EvaluationNode> {
    const { dataSource } = context.platform;
    const wanted = comparisonKey == null ? where : { and: [where ?? {}, { comparisonKey: { eq: comparisonKey } }] };
    return connection(context, {
      page: () => readPage(dataSource, EVALUATION_LISTING, { where: wanted, ...page }),
      count: () => countRows(dataSource, EVALUATIONS, wanted),
      node: (row) => new EvaluationNode(row),
    });
  }

  @Query(() => EvaluationNode, { description: 'An evaluation by its id; null when there is none.', nullable: true })
  async evaluation(
    @Ctx() context: Context,
    @Arg('id', () => ID, idOf('evaluation')) id: string,
  ): Promise<EvaluationNode | null> {
    requireRole(context, 'ANALYST', 'Reading evaluations');
    const decoded = decodeId(id);
    if (decoded?.type !== 'Evaluation') return null;
    const found = findEvaluation(context.platform.dataSource, String(decoded.key));
    return findOrNull(found.then((row) => new EvaluationNode(row)));
  }

  @Mutation(() => EvaluateBundlesPayload, {
    description:
      'Compares bundles, and ways of running them, on the knees of a cohort that have an MRI series. Volumes that are there are ' +
      'taken, the others made. Follow it with `evaluationProgress`; asking for the same again finds the same evaluation.',
    complexity: jobComplexity,
  })
  async evaluateBundles(
    @Ctx() context: Context,
    @Arg('input', () => EvaluateBundlesInput, INPUT) { cohortId, cohortVersion, where, ...rest }: EvaluateBundlesInput,
    @Info() { schema }: GraphQLResolveInfo,
  ): Promise<EvaluationPayload> {
    requireRole(context, 'OPERATOR', 'evaluateBundles');
    if (!cohortId && typeof cohortVersion === 'number') {
      throw new UserError('BAD_USER_INPUT', 'cohortVersion is a version of the cohort that cohortId names; give both.');
    }
    const selected = cohortId ? cohortFilter(cohortId, cohortVersion, where) : where;
    const written = selected ? filterAsJson(schema, 'KneeExamFilter', selected) : null;
    const { dataSource, evaluations } = context.platform;
    const row = await requestEvaluation(dataSource, context.viewer, { ...rest, where: selected, written });
    evaluations.wake();
    return { evaluation: new EvaluationNode(row) };
  }

  @Mutation(() => CancelEvaluationPayload, {
    description: 'Stops an evaluation that waits or runs, and the volumes that it asked for and nobody else waits for.',
  })
  async cancelEvaluation(
    @Ctx() context: Context,
    @Arg('input', () => CancelEvaluationInput, INPUT) { id }: IdInput,
  ): Promise<EvaluationPayload> {
    requireRole(context, 'OPERATOR', 'cancelEvaluation');
    const row = await cancelEvaluation(context.platform.dataSource, context.viewer, evaluationKey(id));
    return { evaluation: new EvaluationNode(row) };
  }

  @Subscription(() => EvaluationEvent, {
    description:
      "An evaluation's log from the event after `after`, then live; ends after the final event. After a dropped connection, " +
      'ask again with the last `seq` that arrived: nothing is missed, nothing comes twice.',
    subscribe: ({ args, context }: { args: object; context: Context }) => {
      requireRole(context, 'ANALYST', 'Following an evaluation');
      const { id, after } = args as { id: string; after: number };
      const key = evaluationKey(id);
      if (after < 0) throw new UserError('BAD_USER_INPUT', `after must not be negative, got ${after}.`);
      return context.platform.evaluationEvents.subscribe(key, after, undefined, context.inTurn);
    },
  })
  evaluationProgress(
    @Root() event: LoggedEvaluationEvent,
    @Arg('id', () => ID, idOf('evaluation')) _id: string,
    @Arg('after', () => Int, { defaultValue: 0, description: 'Sequence number to continue after.' }) _after: number,
  ): EvaluationEvent {
    return event.type === 'STATE_CHANGED'
      ? new EvaluationStateChanged(event, event.payload)
      : new EvaluationVolumeScored(event, event.payload);
  }

  @FieldResolver(() => EvaluationCounters, { description: 'How many of its volumes are in which state.' })
  counters(@Root() { row }: EvaluationNode, @Ctx() { platform }: Context): Promise<EvaluationCounters> {
    return progressOf(platform.dataSource.manager, row.id);
  }

  @FieldResolver(() => EvaluationScoreConnection, {
    description:
      'Volumes by exam and arm, those with the lowest exam ids first; the scores of each slice are at its generation.',
    complexity: connectionComplexity,
  })
  scores(
    @Root() { row }: EvaluationNode,
    @Ctx() context: Context,
    @Arg('arm', () => Int, { nullable: true, description: 'Default: all arms.' }) arm: number | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<EvaluationScoreItem> {
    return nestedConnection(context, row.id, {
      listing: EVALUATION_SCORE_LISTING,
      column: 'evaluation_id',
      request: { where: arm === null ? null : { arm: { eq: arm } }, ...page },
      node: (score) => new EvaluationScoreItem(score),
    });
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that asked for it.' })
  async requestedBy(@Root() { row }: EvaluationNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.requestedById === null ? null : (await loaders.apiToken.load(row.requestedById)).name;
  }
}

@Resolver(() => EvaluationScoreItem)
export class EvaluationScoreResolver {
  @FieldResolver(() => KneeExamNode, { description: 'The knee exam.' })
  async exam(@Root() { row }: EvaluationScoreItem, @Ctx() { loaders }: Context): Promise<KneeExamNode> {
    return new KneeExamNode(await loaders.kneeExam.load(row.examId));
  }

  @FieldResolver(() => GenerationNode, {
    description: 'The generation that made it; null before there is one.',
    nullable: true,
  })
  async generation(@Root() { row }: EvaluationScoreItem, @Ctx() { loaders }: Context): Promise<GenerationNode | null> {
    return row.generationId === null ? null : new GenerationNode(await loaders.generation.load(row.generationId));
  }
}

@Resolver(() => EvaluationReportItem)
export class EvaluationReportResolver {
  @FieldResolver(() => Asset, { description: 'One page with everything in it.' })
  html(@Root() { evaluationId }: EvaluationReportItem, @Ctx() context: Context): Promise<Asset> {
    return file(context, evaluationId, 'report.html');
  }

  @FieldResolver(() => Asset, { description: 'Every volume with its scores and all that decided them, one line each.' })
  csv(@Root() { evaluationId }: EvaluationReportItem, @Ctx() context: Context): Promise<Asset> {
    return file(context, evaluationId, 'scores.csv');
  }

  @FieldResolver(() => Asset, { description: 'A chart as SVG or PNG, or a sheet as PNG: "psnr.svg", "slices.png".' })
  file(
    @Root() { evaluationId }: EvaluationReportItem,
    @Ctx() context: Context,
    @Arg('name', () => String, {
      description: 'Name of a chart with the ending .svg or .png, or of a sheet with .png.',
    })
    name: string,
  ): Promise<Asset> {
    return file(context, evaluationId, name);
  }
}

async function file(context: Context, evaluationId: string, name: string): Promise<Asset> {
  return signedAsset(context, await evaluationFile(context.platform.dataSource, evaluationId, name));
}

function evaluationKey(id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type !== 'Evaluation') throw new UserError('BAD_USER_INPUT', 'id must be the id of an Evaluation.');
  return String(decoded.key);
}
