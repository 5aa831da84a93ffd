import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Asset as AssetRow } from '../entities/index.js';
import { SERIES_FILES, type SeriesFile } from '../domain/series-files.js';
import { Asset } from '../schema/asset.js';
import { GenerationNode } from '../schema/generation.js';
import { MriSeriesNode, RadiographNode, SeriesDownload } from '../schema/images.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import type { Context } from './context.js';

/** An asset with a URL that works for this viewer for an hour or two. */
export function signedAsset({ platform, viewer }: Context, { sha256, mediaType, bytes }: AssetRow): Asset {
  return { ...platform.assetUrls.sign(sha256, viewer), sha256, mediaType, bytes };
}

/** What a stored series can be fetched as, beside its volume. */
function download({ platform, viewer }: Context, { row }: MriSeriesNode, file: SeriesFile): SeriesDownload | null {
  if (row.assetId === null) return null;
  const { mediaType } = SERIES_FILES[file];
  return { ...platform.assetUrls.sign(`series/${row.id}/${file}`, viewer), mediaType };
}

@Resolver(() => RadiographNode)
export class RadiographResolver {
  @FieldResolver(() => Asset, {
    nullable: true,
    description: '16-bit grey PNG, bone bright; null while only the tables tell of the film.',
  })
  async image(@Root() { row }: RadiographNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }
}

@Resolver(() => MriSeriesNode)
export class MriSeriesResolver {
  @FieldResolver(() => KneeExamNode, {
    nullable: true,
    description: 'Null for what was generated from an uploaded radiograph.',
  })
  async exam(@Root() { row }: MriSeriesNode, @Ctx() { loaders }: Context): Promise<KneeExamNode | null> {
    return row.examId === null ? null : new KneeExamNode(await loaders.kneeExam.load(row.examId));
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description: 'NIfTI (.nii.gz), slices posterior to anterior; null while only the tables tell of the series.',
  })
  async volume(@Root() { row }: MriSeriesNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => SeriesDownload, {
    nullable: true,
    description:
      'DICOM series of MR Image Storage, one file per slice, zipped; Synthetic Data = YES unless it was taken of a person. Null without pixels.',
  })
  dicom(@Root() series: MriSeriesNode, @Ctx() context: Context): SeriesDownload | null {
    return download(context, series, 'dicom.zip');
  }

  @FieldResolver(() => SeriesDownload, {
    nullable: true,
    description: 'The slices as 16-bit grey PNG files, zipped; null without pixels.',
  })
  slicePngs(@Root() series: MriSeriesNode, @Ctx() context: Context): SeriesDownload | null {
    return download(context, series, 'png.zip');
  }

  @FieldResolver(() => SeriesDownload, {
    nullable: true,
    description:
      'One picture with slices of the whole series, each labelled SYNTHETIC, PHANTOM or REAL; null without pixels.',
  })
  montage(@Root() series: MriSeriesNode, @Ctx() context: Context): SeriesDownload | null {
    return download(context, series, 'montage.png');
  }

  @FieldResolver(() => GenerationNode, { nullable: true, description: 'What made it; null for a real series.' })
  async generation(@Root() { row }: MriSeriesNode, @Ctx() { loaders }: Context): Promise<GenerationNode | null> {
    return row.generationId === null ? null : new GenerationNode(await loaders.generation.load(row.generationId));
  }
}
