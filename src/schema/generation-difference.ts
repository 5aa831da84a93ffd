import { Field, Float, ObjectType } from 'type-graphql';
import type { Compartment } from '../domain/compartments.js';
import { Asset } from './asset.js';
import { CompartmentEnum } from './evaluation-enums.js';
import { listComplexity } from './limits.js';

@ObjectType('CompartmentDifference', {
  simpleResolvers: true,
  description: 'How two volumes differ in a part of the knee. Intensities are shares of the range.',
})
export class CompartmentDifferenceItem {
  @Field(() => CompartmentEnum, { description: 'The part of the knee.' })
  compartment!: Compartment;

  @Field(() => Float, { description: 'Mean of |b - a|.' })
  meanAbsolute!: number;

  @Field(() => Float, { description: 'Mean of b - a.' })
  meanSigned!: number;

  @Field(() => Float, { description: "Its share of the whole volume's absolute difference, 0 to 1." })
  shareOfDifference!: number;

  @Field(() => Float, { description: 'Its share of the voxels, 0 to 1.' })
  shareOfVolume!: number;
}

@ObjectType('GenerationDifference', {
  simpleResolvers: true,
  description: 'Two generated volumes of one knee, voxel by voxel: where an ablation or a what-if changed it.',
})
export class GenerationDifferenceItem {
  @Field(() => Float, { description: 'Mean of |b - a|, share of the intensity range.' })
  meanAbsolute!: number;

  @Field(() => Float, { description: 'Largest |b - a|, share of the intensity range.' })
  maximum!: number;

  @Field(() => Float, { nullable: true, description: 'Mean Pearson correlation of equal slices.' })
  correlation!: number | null;

  @Field(() => [CompartmentDifferenceItem], {
    description: 'The same by part of the knee.',
    complexity: listComplexity(8),
  })
  compartments!: CompartmentDifferenceItem[];

  @Field(() => Asset, { description: 'b - a as NIfTI, 16 bits: 32768 where they agree.' })
  volume!: Asset;

  @Field(() => Asset, { description: 'Both volumes and their difference, PNG.' })
  picture!: Asset;
}
