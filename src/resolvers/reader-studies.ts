import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { decodeId } from '../domain/global-ids.js';
import { idOf, INPUT, PageArgs, WHERE } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import type { ConnectionOf } from '../schema/connections.js';
import { connectionComplexity, listComplexity } from '../schema/limits.js';
import {
  AnswerReaderTrialInput,
  AnswerReaderTrialPayload,
  CloseReaderStudyInput,
  CloseReaderStudyPayload,
  CreateReaderStudyPayload,
  StartReaderSessionInput,
  StartReaderSessionPayload,
} from '../schema/mutations.js';
import type { IdInput, ReaderAnswer, SessionPayload, StudyPayload } from '../schema/mutations.js';
import {
  CreateReaderStudyInput,
  ReaderResultsItem,
  ReaderSessionItem,
  ReaderStudyConnection,
  ReaderStudyNode,
  ReaderTrialItem,
} from '../schema/reader-study.js';
import { ReaderStudyFilter } from '../schema/work-filters.js';
import { cohortFilter } from '../services/exports/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import {
  answerTrial,
  closeReaderStudy,
  createReaderStudy,
  findReaderStudy,
  ownSession,
  READER_STUDIES,
  READER_STUDY_LISTING,
  sessionCounts,
  sessionOf,
  sessionResults,
  type ShownTrial,
  shownTrials,
  startReaderSession,
  studyResults,
} from '../services/reader-studies/index.js';
import { connection } from './connection.js';
import { mayManageStudy } from '../policy/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';
import { signedAsset } from './images.js';
import { findOrNull } from './node.js';

/** Most trials that a session gives at once. */
const MAX_TRIALS = 20;

@Resolver(() => ReaderStudyNode)
export class ReaderStudyResolver {
  @Query(() => ReaderStudyConnection, { description: 'The newest first.', complexity: connectionComplexity })
  readerStudies(
    @Ctx() context: Context,
    @Arg('where', () => ReaderStudyFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<ReaderStudyNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: () => readPage(dataSource, READER_STUDY_LISTING, { where, ...page }),
      count: () => countRows(dataSource, READER_STUDIES, where),
      node: (row) => new ReaderStudyNode(row),
    });
  }

  @Query(() => ReaderStudyNode, { description: 'A study by its id; null when there is none.', nullable: true })
  async readerStudy(
    @Ctx() context: Context,
    @Arg('id', () => ID, idOf('study')) id: string,
  ): Promise<ReaderStudyNode | null> {
    requireRole(context, 'ANALYST', 'Reading reader studies');
    const decoded = decodeId(id);
    if (decoded?.type !== 'ReaderStudy') return null;
    const found = findReaderStudy(context.platform.dataSource, String(decoded.key));
    return findOrNull(found.then((row) => new ReaderStudyNode(row)));
  }

  @Mutation(() => CreateReaderStudyPayload, {
    description: 'Makes a study of pairs from a finished evaluation; it opens when its pictures are drawn.',
  })
  async createReaderStudy(
    @Ctx() context: Context,
    @Arg('input', () => CreateReaderStudyInput, INPUT)
    { evaluationId, cohortId, where, ...rest }: CreateReaderStudyInput,
  ): Promise<StudyPayload> {
    requireRole(context, 'OPERATOR', 'createReaderStudy');
    const { dataSource, readerStudies } = context.platform;
    const row = await createReaderStudy(dataSource, context.viewer, {
      ...rest,
      evaluationId: keyOf('evaluationId', 'Evaluation', evaluationId),
      where: cohortId ? cohortFilter(cohortId, null, where) : where,
    });
    readerStudies.wake();
    return { study: new ReaderStudyNode(row) };
  }

  @Mutation(() => CloseReaderStudyPayload, { description: 'Ends a study: nobody starts or goes on. For its maker.' })
  async closeReaderStudy(
    @Ctx() context: Context,
    @Arg('input', () => CloseReaderStudyInput, INPUT) { id }: IdInput,
  ): Promise<StudyPayload> {
    requireRole(context, 'OPERATOR', 'closeReaderStudy');
    const key = keyOf('id', 'ReaderStudy', id);
    const row = await closeReaderStudy(context.platform.dataSource, context.viewer, key);
    return { study: new ReaderStudyNode(row) };
  }

  @Mutation(() => StartReaderSessionPayload, {
    description: "The viewer's way through a study, begun if there is none. Each token reads a study once.",
  })
  async startReaderSession(
    @Ctx() context: Context,
    @Arg('input', () => StartReaderSessionInput, INPUT) { studyId }: { studyId: string },
  ): Promise<SessionPayload> {
    requireRole(context, 'READER', 'startReaderSession');
    const key = keyOf('studyId', 'ReaderStudy', studyId);
    const row = await startReaderSession(context.platform.dataSource, context.viewer, key);
    return { session: new ReaderSessionItem(row) };
  }

  @Mutation(() => AnswerReaderTrialPayload, {
    description:
      'Stores which image the reader takes for the imported one. The same answer again changes nothing; another one is refused.',
  })
  async answerReaderTrial(
    @Ctx() context: Context,
    @Arg('input', () => AnswerReaderTrialInput, INPUT) { sessionId, trial, imported }: ReaderAnswer,
  ): Promise<SessionPayload> {
    requireRole(context, 'READER', 'answerReaderTrial');
    const answer = { sessionId: keyOf('sessionId', 'ReaderSession', sessionId), trial, choice: imported };
    const row = await answerTrial(context.platform.dataSource, context.viewer, answer);
    return { session: new ReaderSessionItem(row) };
  }

  @Query(() => ReaderSessionItem, { nullable: true, description: "One of the viewer's own." })
  async readerSession(
    @Ctx() context: Context,
    @Arg('id', () => ID, idOf('session')) id: string,
  ): Promise<ReaderSessionItem | null> {
    requireRole(context, 'READER', 'Reading sessions');
    const decoded = decodeId(id);
    if (decoded?.type !== 'ReaderSession') return null;
    const found = ownSession(context.platform.dataSource, context.viewer, String(decoded.key));
    return findOrNull(found.then((row) => new ReaderSessionItem(row)));
  }

  @FieldResolver(() => ReaderResultsItem, {
    nullable: true,
    description: 'For readers who have finished, and for its maker unless they read it themselves; null for others.',
  })
  results(@Root() { row }: ReaderStudyNode, @Ctx() { platform, viewer }: Context): Promise<ReaderResultsItem | null> {
    return studyResults(platform.dataSource, viewer, row);
  }

  @FieldResolver(() => ReaderSessionItem, {
    nullable: true,
    description: "The viewer's own way through it; null before it is begun.",
  })
  async session(
    @Root() { row }: ReaderStudyNode,
    @Ctx() { platform, viewer }: Context,
  ): Promise<ReaderSessionItem | null> {
    const session = await sessionOf(platform.dataSource, viewer, row.id);
    return session && new ReaderSessionItem(session);
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may close it.' })
  canClose(@Root() { row }: ReaderStudyNode, @Ctx() { viewer }: Context): boolean {
    return mayManageStudy(row, viewer);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that made it.' })
  async createdBy(@Root() { row }: ReaderStudyNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.createdById === null ? null : (await loaders.apiToken.load(row.createdById)).name;
  }
}

@Resolver(() => ReaderSessionItem)
export class ReaderSessionResolver {
  @FieldResolver(() => ReaderStudyNode, { description: 'The study that is read.' })
  async study(@Root() { row }: ReaderSessionItem, @Ctx() { platform }: Context): Promise<ReaderStudyNode> {
    return new ReaderStudyNode(await findReaderStudy(platform.dataSource, row.studyId));
  }

  @FieldResolver(() => Int, { description: 'Pairs answered so far.' })
  async answered(@Root() { row }: ReaderSessionItem, @Ctx() { platform }: Context): Promise<number> {
    return (await sessionCounts(platform.dataSource, row.id)).answered;
  }

  @FieldResolver(() => Int, { description: 'Pairs of the study.' })
  async total(@Root() { row }: ReaderSessionItem, @Ctx() { platform }: Context): Promise<number> {
    return (await sessionCounts(platform.dataSource, row.id)).total;
  }

  @FieldResolver(() => ReaderTrialItem, { nullable: true, description: 'The first pair without an answer.' })
  async next(@Root() { row }: ReaderSessionItem, @Ctx() { platform }: Context): Promise<ReaderTrialItem | null> {
    const [trial] = await shownTrials(platform.dataSource, row.id, { first: 1, open: true });
    return trial ? itemOf(trial) : null;
  }

  @FieldResolver(() => [ReaderTrialItem], {
    description: 'Pairs in order, at most 20 at once.',
    complexity: listComplexity(MAX_TRIALS),
  })
  async trials(
    @Root() { row }: ReaderSessionItem,
    @Ctx() { platform }: Context,
    @Arg('from', () => Int, { defaultValue: 0, description: 'Index of the first.' }) from: number,
  ): Promise<ReaderTrialItem[]> {
    return (await shownTrials(platform.dataSource, row.id, { first: MAX_TRIALS, from })).map(itemOf);
  }

  @FieldResolver(() => ReaderResultsItem, { nullable: true, description: 'Null before every pair is answered.' })
  results(@Root() { row }: ReaderSessionItem, @Ctx() { platform }: Context): Promise<ReaderResultsItem | null> {
    return sessionResults(platform.dataSource, row);
  }
}

@Resolver(() => ReaderTrialItem)
export class ReaderTrialResolver {
  @FieldResolver(() => Asset, { description: 'The image on the left, PNG.' })
  async left(@Root() { leftAssetId }: ReaderTrialItem, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(leftAssetId));
  }

  @FieldResolver(() => Asset, { description: 'The image on the right, PNG.' })
  async right(@Root() { rightAssetId }: ReaderTrialItem, @Ctx() context: Context): Promise<Asset> {
    return signedAsset(context, await context.loaders.asset.load(rightAssetId));
  }
}

function itemOf(trial: ShownTrial): ReaderTrialItem {
  return new ReaderTrialItem(trial, trial.leftAssetId, trial.rightAssetId);
}
