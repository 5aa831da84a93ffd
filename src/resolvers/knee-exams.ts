import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { ConnectionOf } from '../schema/connections.js';
import { GenerationFilter, KneeExamFilter } from '../schema/filters.js';
import { GenerationConnection, GenerationNode } from '../schema/generation.js';
import { Grade, gradeList } from '../schema/grade.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamConnection, KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity, listComplexity } from '../schema/limits.js';
import { GenerationOrder, KneeExamOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { ParticipantNode } from '../schema/participant.js';
import { ReadingNode } from '../schema/reading.js';
import { VisitNode } from '../schema/visit.js';
import { countSummaryExams } from '../services/aggregates/index.js';
import { GENERATIONS, KNEE_EXAMS } from '../services/filters/tables.js';
import { GENERATION_LISTING, KNEE_EXAM_LISTING } from '../services/paging/listings.js';
import { countRows, countRowsOf, readPage, readPagesOf } from '../services/paging/pages.js';
import { connection } from './connection.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

@Resolver(() => KneeExamNode)
export class KneeExamResolver {
  @Query(() => KneeExamConnection, { description: 'Knees at visits.', complexity: connectionComplexity })
  kneeExams(
    @Ctx() context: Context,
    @Arg('where', () => KneeExamFilter, { nullable: true }) where: object | null,
    @Arg('orderBy', () => [KneeExamOrder], { nullable: true }) orderBy: OrderInput[] | null,
    @Arg('first', () => Int, { nullable: true, description: '1 to 200, default 25.' }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): ConnectionOf<KneeExamNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: async () => {
        const ready = await readyFilter(context, where);
        return readPage(dataSource, KNEE_EXAM_LISTING, { where: ready, orderBy, first, after });
      },
      count: async () => countRows(dataSource, KNEE_EXAMS, await readyFilter(context, where)),
      summaryCount: () => countSummaryExams(dataSource, where),
      node: (row) => new KneeExamNode(row),
    });
  }

  @FieldResolver(() => ParticipantNode)
  async participant(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<ParticipantNode> {
    return new ParticipantNode(await loaders.participant.load(row.participantId));
  }

  @FieldResolver(() => VisitNode)
  async visit(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<VisitNode> {
    return new VisitNode(await loaders.visit.load(row.visitId));
  }

  @FieldResolver(() => [Grade], {
    description: 'The 19 consensus grades, each whole.',
    complexity: listComplexity(2),
  })
  async grades(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<Grade[]> {
    if (row.consensusProject === null) return gradeList(row.grades);
    const readings = await loaders.readingsOfExam.load(row.id);
    return gradeList(row.grades, readings.find(({ project }) => project === row.consensusProject)?.missing);
  }

  @FieldResolver(() => [ReadingNode], { description: 'As published, by project.', complexity: listComplexity(2) })
  async readings(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<ReadingNode[]> {
    return (await loaders.readingsOfExam.load(row.id)).map((reading) => new ReadingNode(reading));
  }

  @FieldResolver(() => RadiographNode, {
    nullable: true,
    description: 'The film to use: one with pixels before one without, one of the knee before one of both.',
  })
  async radiograph(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<RadiographNode | null> {
    const [film] = await loaders.radiographsOfExam.load(row);
    return film ? new RadiographNode(film) : null;
  }

  @FieldResolver(() => [RadiographNode], {
    description: 'All films that show the knee.',
    complexity: listComplexity(2),
  })
  async radiographs(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<RadiographNode[]> {
    return (await loaders.radiographsOfExam.load(row)).map((film) => new RadiographNode(film));
  }

  @FieldResolver(() => [MriSeriesNode], {
    description: 'Real series, unless generated ones are asked for: the two never mix silently.',
    complexity: listComplexity(3),
  })
  async mriSeries(
    @Root() { row }: KneeExamNode,
    @Ctx() { loaders }: Context,
    @Arg('synthetic', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'False: real series. True: generated ones. Null: both.',
    })
    synthetic: boolean | null,
  ): Promise<MriSeriesNode[]> {
    const loader = synthetic === false ? loaders.realSeriesOfExam : loaders.seriesOfExam;
    const series = await loader.load(row.id);
    return series
      .filter((one) => synthetic === null || one.synthetic === synthetic)
      .map((one) => new MriSeriesNode(one));
  }

  @FieldResolver(() => GenerationConnection, {
    description: 'Generations for this exam, the newest first.',
    complexity: connectionComplexity,
  })
  generations(
    @Root() { row }: KneeExamNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationFilter, { nullable: true }) where: object | null,
    @Arg('orderBy', () => [GenerationOrder], { nullable: true }) orderBy: OrderInput[] | null,
    @Arg('first', () => Int, { nullable: true, description: '1 to 200, default 25.' }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): ConnectionOf<GenerationNode> {
    const { dataSource } = context.platform;
    const request = { where, orderBy, first, after };
    return connection(context, {
      page: () =>
        context.generationPages
          .for(request, async (exams) => {
            const ready = { ...request, where: await readyFilter(context, where) };
            return readPagesOf(dataSource, GENERATION_LISTING, 'exam_id', exams, ready);
          })
          .load(row.id),
      count: () =>
        context.generationCounts
          .for(where, async (exams) =>
            countRowsOf(dataSource, GENERATIONS, 'exam_id', exams, await readyFilter(context, where)),
          )
          .load(row.id),
      node: (generation) => new GenerationNode(generation),
    });
  }
}
