import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { INPUT } from '../schema/arguments.js';
import { BundleNode } from '../schema/bundle.js';
import { RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { listComplexity } from '../schema/limits.js';
import { RadiographReadingNode, ReadRadiographInput, ReadRadiographPayload } from '../schema/radiograph-reading.js';
import type { RadiographReadingPayload } from '../schema/radiograph-reading.js';
import { UploadedRadiographNode } from '../schema/upload.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { filmKeys } from './ids.js';

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
    complexity: listComplexity(2),
  })
  async radiographReadings(
    @Root() { row }: KneeExamNode,
    @Ctx() { loaders }: Context,
  ): Promise<RadiographReadingNode[]> {
    return (await loaders.radiographReadingsOfExam.load(row.id)).map((one) => new RadiographReadingNode(one));
  }
}

@Resolver(() => UploadedRadiographNode)
export class UploadReadingsResolver {
  @FieldResolver(() => [RadiographReadingNode], {
    description: 'Automatic readings of it, the newest first.',
    complexity: listComplexity(2),
  })
  async radiographReadings(
    @Root() { row }: UploadedRadiographNode,
    @Ctx() { loaders }: Context,
  ): Promise<RadiographReadingNode[]> {
    return (await loaders.radiographReadingsOfUpload.load(row.id)).map((one) => new RadiographReadingNode(one));
  }
}
