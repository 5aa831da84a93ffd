import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { INPUT, WHERE } from '../schema/arguments.js';
import { RadiographReadingFilter } from '../schema/filters.js';
import { BundleNode } from '../schema/bundle.js';
import { RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { filteredComplexity } from '../schema/limits.js';
import { RadiographReadingNode, ReadRadiographInput, ReadRadiographPayload } from '../schema/radiograph-reading.js';
import type { RadiographReadingPayload } from '../schema/radiograph-reading.js';
import { UploadedRadiographNode } from '../schema/upload.js';
import { RADIOGRAPH_READINGS } from '../services/filters/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { filmKeys } from './ids.js';
import { thatFit } from './nested.js';

@Resolver(() => RadiographReadingNode)
export class RadiographReadingResolver {
  @Mutation(() => ReadRadiographPayload, {
    description:
      'Reads KL grade and joint space off one knee on a radiograph, at once: it waits behind no volume. A research aid; human readings ' +
      'and grades of exams stay as they are.',
  })
  async readRadiograph(
    @Ctx() context: Context,
    @Arg('input', () => ReadRadiographInput, INPUT) input: ReadRadiographInput,
  ): Promise<RadiographReadingPayload> {
    requireRole(context, 'OPERATOR', 'readRadiograph');
    const row = await context.platform.filmReadings.read(context.viewer, {
      ...input,
      ...filmKeys(input),
    });
    return { reading: new RadiographReadingNode(row) };
  }

  @FieldResolver(() => BundleNode, { description: 'The model that read it.' })
  async bundle(@Root() { row }: RadiographReadingNode, @Ctx() { loaders }: Context): Promise<BundleNode> {
    return new BundleNode(await loaders.bundle.load(row.bundleId));
  }

  @FieldResolver(() => RadiographNode, {
    nullable: true,
    description: 'The film that was read; null for one that was uploaded.',
  })
  async radiograph(
    @Root() { row }: RadiographReadingNode,
    @Ctx() { loaders }: Context,
  ): Promise<RadiographNode | null> {
    return row.radiographId === null ? null : new RadiographNode(await loaders.radiograph.load(row.radiographId));
  }
}

@Resolver(() => KneeExamNode)
export class ExamReadingsResolver {
  @FieldResolver(() => [RadiographReadingNode], {
    description: "Automatic readings of the exam's films, the newest first; `readings` are those of people.",
    complexity: filteredComplexity(2),
  })
  async radiographReadings(
    @Root() { row }: KneeExamNode,
    @Ctx() context: Context,
    @Arg('where', () => RadiographReadingFilter, WHERE) where: object | null,
  ): Promise<RadiographReadingNode[]> {
    const readings = await context.loaders.radiographReadingsOfExam.load(row.id);
    return (await thatFit(context, { table: RADIOGRAPH_READINGS }, where, readings)).map(
      (one) => new RadiographReadingNode(one),
    );
  }
}

@Resolver(() => UploadedRadiographNode)
export class UploadReadingsResolver {
  @FieldResolver(() => [RadiographReadingNode], {
    description: 'Automatic readings of it, the newest first.',
    complexity: filteredComplexity(2),
  })
  async radiographReadings(
    @Root() { row }: UploadedRadiographNode,
    @Ctx() context: Context,
    @Arg('where', () => RadiographReadingFilter, WHERE) where: object | null,
  ): Promise<RadiographReadingNode[]> {
    const readings = await context.loaders.radiographReadingsOfUpload.load(row.id);
    return (await thatFit(context, { table: RADIOGRAPH_READINGS }, where, readings)).map(
      (one) => new RadiographReadingNode(one),
    );
  }
}
