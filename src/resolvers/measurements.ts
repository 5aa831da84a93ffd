import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId, encodeId } from '../domain/global-ids.js';
import type { PicturePoint } from '../domain/measurements.js';
import { mayChangeMeasurement } from '../policy/index.js';
import { INPUT, PageArgs, WHERE } from '../schema/arguments.js';
import type { ConnectionOf } from '../schema/connections.js';
import { GenerationNode } from '../schema/generation.js';
import { MriSeriesNode, RadiographNode } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity } from '../schema/limits.js';
import {
  DeleteMeasurementInput,
  DeleteMeasurementPayload,
  type DeletedMeasurementPayload,
  MeasurementConnection,
  MeasurementFilter,
  MeasurementNode,
  type MeasurementPayload,
  type MeasurementPointInput,
  SaveMeasurementInput,
  SaveMeasurementPayload,
  UpdateMeasurementInput,
  UpdateMeasurementPayload,
} from '../schema/measurement.js';
import type { IdInput } from '../schema/mutation-types.js';
import { UploadedRadiographNode } from '../schema/upload.js';
import {
  deleteMeasurement,
  type ImageKey,
  imageOf,
  MEASUREMENT_LISTING,
  MEASUREMENTS,
  measurementsFor,
  saveMeasurement,
  updateMeasurement,
} from '../services/measurements/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import { connection, nestedConnection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';
import { keyOf } from './ids.js';

@Resolver(() => MeasurementNode)
export class MeasurementResolver {
  @Query(() => MeasurementConnection, {
    description:
      'What everybody has measured, the oldest first; not on uploads of others, nor on what was made from them.',
    complexity: connectionComplexity,
  })
  measurements(
    @Ctx() context: Context,
    @Arg('where', () => MeasurementFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<MeasurementNode> {
    const { dataSource } = context.platform;
    const selected = async () => measurementsFor(context.viewer, await readyFilter(context, where));
    return connection(context, {
      page: async () => readPage(dataSource, MEASUREMENT_LISTING, { where: await selected(), ...page }),
      count: async () => countRows(dataSource, MEASUREMENTS, await selected()),
      node: (row) => new MeasurementNode(row),
    });
  }

  @Mutation(() => SaveMeasurementPayload, {
    description:
      'Keeps what was measured on an image; everybody who may read records of the image sees it. At most 200 of one person on one image.',
  })
  async saveMeasurement(
    @Ctx() context: Context,
    @Arg('input', () => SaveMeasurementInput, INPUT) { imageId, points, ...input }: SaveMeasurementInput,
  ): Promise<MeasurementPayload> {
    requireRole(context, 'READER', 'saveMeasurement');
    const row = await saveMeasurement(context.platform, context.viewer, {
      ...input,
      image: imageKey(imageId),
      points: points.map(pointOf),
    });
    return { measurement: new MeasurementNode(row) };
  }

  @Mutation(() => UpdateMeasurementPayload, {
    description: "Changes name, note or points of a measurement of one's own, or, for administrators, of anybody.",
  })
  async updateMeasurement(
    @Ctx() context: Context,
    @Arg('input', () => UpdateMeasurementInput, INPUT) { id, points, ...change }: UpdateMeasurementInput,
  ): Promise<MeasurementPayload> {
    requireRole(context, 'READER', 'updateMeasurement');
    const key = Number(keyOf('id', 'Measurement', id));
    const row = await updateMeasurement(context.platform, context.viewer, key, {
      ...change,
      points: points?.map(pointOf),
    });
    return { measurement: new MeasurementNode(row) };
  }

  @Mutation(() => DeleteMeasurementPayload, {
    description: "Removes a measurement of one's own, or, for administrators, of anybody.",
  })
  async deleteMeasurement(
    @Ctx() context: Context,
    @Arg('input', () => DeleteMeasurementInput, INPUT) { id }: IdInput,
  ): Promise<DeletedMeasurementPayload> {
    requireRole(context, 'READER', 'deleteMeasurement');
    await deleteMeasurement(context.platform, context.viewer, Number(keyOf('id', 'Measurement', id)));
    return { deletedMeasurementId: id };
  }

  @FieldResolver(() => ID, {
    description:
      'Node id of the image that it lies on: a Radiograph, an MriSeries, an UploadedRadiograph, or the Generation that made a film.',
  })
  imageId(@Root() { row }: MeasurementNode): string {
    const { type, id } = imageOf(row);
    return encodeId(type, id);
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether the file of the image is another one than that which was measured: look at it again.',
  })
  async imageChanged(@Root() { row }: MeasurementNode, @Ctx() { loaders }: Context): Promise<boolean> {
    const asset = await assetOf(imageOf(row), loaders);
    return asset === null || (await loaders.asset.load(asset)).sha256 !== row.imageSha256;
  }

  @FieldResolver(() => KneeExamNode, {
    nullable: true,
    description: 'The knee that is measured; null for an upload, and where points lie on both knees of a film.',
  })
  async exam(@Root() { row }: MeasurementNode, @Ctx() { loaders }: Context): Promise<KneeExamNode | null> {
    return row.examId === null ? null : new KneeExamNode(await loaders.kneeExam.load(row.examId));
  }

  @FieldResolver(() => String, { description: 'Name of the token that made it.' })
  async createdBy(@Root() { row }: MeasurementNode, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.requestedById)).name;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "The viewer's own key; null without one, and for what others made, who may have used the same.",
  })
  clientKey(@Root() { row }: MeasurementNode, @Ctx() { viewer }: Context): string | null {
    return row.requestedById === viewer.tokenId ? row.clientKey : null;
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may change and delete it.' })
  canChange(@Root() { row }: MeasurementNode, @Ctx() { viewer }: Context): boolean {
    return mayChangeMeasurement(row, viewer);
  }
}

const ON_IMAGE = {
  description: 'What everybody has measured on it, the oldest first.',
  complexity: connectionComplexity,
} as const;

@Resolver(() => RadiographNode)
export class RadiographMeasurements {
  @FieldResolver(() => MeasurementConnection, ON_IMAGE)
  measurements(@Root() { row }: RadiographNode, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs) {
    return nested(context, 'radiograph_id', row.id, page);
  }
}

@Resolver(() => MriSeriesNode)
export class SeriesMeasurements {
  @FieldResolver(() => MeasurementConnection, ON_IMAGE)
  measurements(@Root() { row }: MriSeriesNode, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs) {
    return nested(context, 'series_id', row.id, page);
  }
}

@Resolver(() => GenerationNode)
export class GenerationMeasurements {
  @FieldResolver(() => MeasurementConnection, {
    ...ON_IMAGE,
    description: 'What everybody has measured on the film that it made, the oldest first.',
  })
  measurements(@Root() { row }: GenerationNode, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs) {
    return nested(context, 'generation_id', row.id, page);
  }
}

@Resolver(() => UploadedRadiographNode)
export class UploadMeasurements {
  @FieldResolver(() => MeasurementConnection, {
    ...ON_IMAGE,
    description: 'What was measured on it, and on what was made from it, the oldest first.',
  })
  measurements(@Root() { row }: UploadedRadiographNode, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs) {
    return nested(context, 'upload_id', row.id, page);
  }
}

@Resolver(() => KneeExamNode)
export class ExamMeasurements {
  @FieldResolver(() => MeasurementConnection, {
    ...ON_IMAGE,
    description: 'What everybody has measured on images of the knee, the oldest first.',
  })
  measurements(@Root() { row }: KneeExamNode, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs) {
    return nested(context, 'exam_id', row.id, page);
  }
}

/** Whoever sees the parent may see what lies on it. */
function nested(context: Context, column: string, parent: number | string, page: PageArgs) {
  return nestedConnection(context, parent, {
    listing: MEASUREMENT_LISTING,
    column,
    request: page,
    node: (row) => new MeasurementNode(row),
  });
}

async function assetOf({ type, id }: ImageKey, loaders: Context['loaders']): Promise<number | null> {
  switch (type) {
    case 'Radiograph':
      return (await loaders.radiograph.load(id)).assetId;
    case 'MriSeries':
      return (await loaders.mriSeries.load(id)).assetId;
    case 'UploadedRadiograph':
      return (await loaders.upload.load(id)).assetId;
    case 'Generation': {
      const outputs = await loaders.outputsOfGeneration.load(id);
      return outputs.find(({ kind }) => kind === 'FILM')?.assetId ?? null;
    }
  }
}

/** @throws UserError BAD_USER_INPUT for the id of anything else */
function imageKey(id: string): ImageKey {
  const { type, key } = decodeId(id) ?? {};
  if (type === 'Radiograph' || type === 'MriSeries') return { type, id: Number(key) };
  if (type === 'Generation' || type === 'UploadedRadiograph') return { type, id: String(key) };
  throw new UserError(
    'BAD_USER_INPUT',
    'imageId must be the id of a Radiograph, an MriSeries, an UploadedRadiograph or a Generation.',
  );
}

function pointOf({ column, row }: MeasurementPointInput): PicturePoint {
  return [column, row];
}
