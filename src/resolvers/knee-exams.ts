import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, Info, Query, Resolver, Root } from 'type-graphql';
import { isOaiId, type Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { KneeExam, Participant } from '../entities/index.js';
import { ORDER_BY, WHERE, PageArgs } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { SideEnum, VisitCodeEnum } from '../schema/enums.js';
import { GenerationFilter, KneeExamFilter } from '../schema/filters.js';
import { GenerationConnection, GenerationNode } from '../schema/generation.js';
import { Grade, gradeList } from '../schema/grade.js';
import { MriSeriesFilter, RadiographFilter } from '../schema/image-filters.js';
import { JointOutcome } from '../schema/joint-outcome.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamConnection, KneeExamNode } from '../schema/knee-exam.js';
import { KneeNode } from '../schema/knee.js';
import { connectionComplexity, examsComplexity, filteredComplexity, listComplexity } from '../schema/limits.js';
import { GenerationOrder, KneeExamOrder } from '../schema/orders.js';
import type { KneeExamOrderInput, OrderInput } from '../schema/orders.js';
import { ParticipantNode } from '../schema/participant.js';
import { ReadingFilter } from '../schema/reading-filters.js';
import { ReadingNode } from '../schema/reading.js';
import { VisitNode } from '../schema/visit.js';
import { countSummaryExams } from '../services/aggregates/index.js';
import {
  KNEE_EXAMS,
  MRI_SERIES,
  RADIOGRAPHS,
  READINGS,
  speaksOf,
  type Table,
  UNLESS_DROPPED,
} from '../services/filters/index.js';
import { countRows, GENERATION_LISTING, KNEE_EXAM_LISTING, readJsonPage, readPage } from '../services/paging/index.js';
import { connection, nestedConnection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { examsAsJson } from './exam-json.js';
import { wantedOfExams } from './exam-pages.js';
import { readyFilter } from './filter.js';
import { outcomeOf } from './knees.js';
import { thatFit } from './nested.js';
import { readyOrder } from './order.js';
import { whenHere } from './when-here.js';
import type { MaybePromise } from './when-here.js';

/** What the lists of an exam's rows say of dropped ones. */
const DROPPED =
  'Those that a newer release dropped are among them, unless `where` is given and does not speak of `dropped`.';

@Resolver(() => KneeExamNode)
export class KneeExamResolver {
  @Query(() => KneeExamConnection, { description: 'Knees at visits.', complexity: examsComplexity })
  kneeExams(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [KneeExamOrder], ORDER_BY) orderBy: KneeExamOrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
    @Info() info: GraphQLResolveInfo,
  ): ConnectionOf<KneeExamNode> {
    const { dataSource } = context.platform;
    const request = async () => ({
      ...{ where: await readyFilter(context, where), orderBy: await readyOrder(context, orderBy) },
      ...{ ...page },
    });
    const json = examsAsJson(context, info);
    return connection(context, {
      page: async () => readPage(dataSource, KNEE_EXAM_LISTING, await request(), wantedOfExams(info)),
      jsonPage: json && (async () => readJsonPage(dataSource, KNEE_EXAM_LISTING, await request(), json)),
      count: async () => countRows(dataSource, KNEE_EXAMS, await readyFilter(context, where)),
      summaryCount: () => countSummaryExams(dataSource, where),
      node: (row, related) => new KneeExamNode(row, related),
    });
  }

  @Query(() => KneeExamNode, {
    nullable: true,
    description: 'One knee of one participant at one visit; null when it was not examined.',
  })
  async kneeExam(
    @Ctx() context: Context,
    @Arg('oaiId', () => String, { description: 'Participant; seven digits.' }) oaiId: string,
    @Arg('visit', () => VisitCodeEnum, { description: 'Time point of the study.' }) visit: VisitCode,
    @Arg('side', () => SideEnum, { description: 'Which knee.' }) side: Side,
  ): Promise<KneeExamNode | null> {
    requireRole(context, 'ANALYST', 'Reading records');
    const { manager } = context.platform.dataSource;
    const person = isOaiId(oaiId) ? await manager.findOneBy(Participant, { oaiId }) : null;
    const row = person && (await manager.findOneBy(KneeExam, { participantId: person.id, visitCode: visit, side }));
    return row && new KneeExamNode(row);
  }

  @FieldResolver(() => ParticipantNode, { description: 'Whose knee it is.' })
  participant(@Root() { row, related }: KneeExamNode, @Ctx() { loaders }: Context): MaybePromise<ParticipantNode> {
    return whenHere(
      related.participant ?? loaders.participant.load(row.participantId),
      (participant) => new ParticipantNode(participant),
    );
  }

  @FieldResolver(() => VisitNode, { description: 'The visit it was examined at.' })
  visit(@Root() { row, related }: KneeExamNode, @Ctx() { loaders }: Context): MaybePromise<VisitNode> {
    return whenHere(related.visit ?? loaders.visit.load(row.visitId), (visit) => new VisitNode(visit));
  }

  @FieldResolver(() => [Grade], {
    description: 'The 19 grades of the preferred reading, each whole.',
    complexity: listComplexity(2),
  })
  grades(@Root() node: KneeExamNode, @Ctx() context: Context): MaybePromise<Grade[]> {
    const { preferredProject, grades } = node.row;
    if (preferredProject === null) return gradeList(grades);
    return whenHere(readingsOf(node, context), (readings) =>
      gradeList(grades, readings.find(({ project }) => project === preferredProject)?.missing),
    );
  }

  @FieldResolver(() => [ReadingNode], {
    description: `As published, by project. ${DROPPED}`,
    complexity: filteredComplexity(2),
  })
  readings(
    @Root() node: KneeExamNode,
    @Ctx() context: Context,
    @Arg('where', () => ReadingFilter, WHERE) where: object | null,
  ): MaybePromise<ReadingNode[]> {
    return whenHere(narrowed(context, READINGS, where, readingsOf(node, context)), (readings) =>
      readings.map((reading) => new ReadingNode(reading)),
    );
  }

  @FieldResolver(() => RadiographNode, {
    nullable: true,
    description: 'The film to use: one with pixels before one without, one of the knee before one of both.',
  })
  radiograph(@Root() node: KneeExamNode, @Ctx() context: Context): MaybePromise<RadiographNode | null> {
    return whenHere(filmsOf(node, context), ([film]) => (film ? new RadiographNode(film) : null));
  }

  @FieldResolver(() => [RadiographNode], {
    description: `All films that show the knee. ${DROPPED}`,
    complexity: filteredComplexity(2),
  })
  radiographs(
    @Root() node: KneeExamNode,
    @Ctx() context: Context,
    @Arg('where', () => RadiographFilter, WHERE) where: object | null,
  ): MaybePromise<RadiographNode[]> {
    return whenHere(narrowed(context, RADIOGRAPHS, where, filmsOf(node, context)), (films) =>
      films.map((film) => new RadiographNode(film)),
    );
  }

  @FieldResolver(() => [MriSeriesNode], {
    description: `Real series, unless generated ones are asked for: the two never mix silently. ${DROPPED}`,
    complexity: filteredComplexity(3),
  })
  mriSeries(
    @Root() { row, related }: KneeExamNode,
    @Ctx() context: Context,
    @Arg('synthetic', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'False: real series. True: generated ones. Null: both, and so where `where` speaks of `synthetic`.',
    })
    synthetic: boolean | null,
    @Arg('where', () => MriSeriesFilter, WHERE) where: object | null,
  ): MaybePromise<MriSeriesNode[]> {
    const { loaders } = context;
    const kind = speaksOf(where, 'synthetic') ? null : synthetic;
    const series =
      kind === false
        ? (related.realSeries ?? loaders.realSeriesOfExam.load(row.id))
        : whenHere(loaders.seriesOfExam.load(row.id), (all) =>
            all.filter((one) => kind === null || one.synthetic === kind),
          );
    return whenHere(narrowed(context, MRI_SERIES, where, series), (chosen) =>
      chosen.map((one) => new MriSeriesNode(one)),
    );
  }

  @FieldResolver(() => JointOutcome, {
    nullable: true,
    description: 'What became of the knee in the whole study; null where the table of outcomes says nothing of it.',
  })
  outcome(@Root() { row }: KneeExamNode, @Ctx() context: Context): Promise<JointOutcome | null> {
    return outcomeOf(row, context);
  }

  @FieldResolver(() => KneeNode, { description: 'The knee that was examined, with its other exams.' })
  knee(@Root() { row }: KneeExamNode): KneeNode {
    return new KneeNode(row);
  }

  @FieldResolver(() => GenerationConnection, {
    description: 'Generations for this exam, the newest first.',
    complexity: connectionComplexity,
  })
  generations(
    @Root() { row }: KneeExamNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [GenerationOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<GenerationNode> {
    return nestedConnection(context, row.id, {
      listing: GENERATION_LISTING,
      column: 'exam_id',
      request: { where, orderBy, ...page },
      node: (generation) => new GenerationNode(generation),
    });
  }
}

/** Those of an exam's rows that `where` selects, at once where there is none and the rows are here. */
function narrowed<Row extends { id: number }>(
  context: Context,
  table: Table,
  where: object | null,
  rows: MaybePromise<Row[]>,
): MaybePromise<Row[]> {
  if (!where) return rows;
  return whenHere(rows, (all) => thatFit(context, { table, unless: [UNLESS_DROPPED] }, where, all));
}

const readingsOf = ({ row, related }: KneeExamNode, { loaders }: Context) =>
  related.readings ?? loaders.readingsOfExam.load(row.id);

const filmsOf = ({ row, related }: KneeExamNode, { loaders }: Context) =>
  related.films ?? loaders.radiographsOfExam.load(row);
