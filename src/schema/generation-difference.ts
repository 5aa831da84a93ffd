import { Field, Float, ObjectType } from 'type-graphql';
import type { Compartment } from '../domain/compartments.js';
import type { JointSide } from '../domain/evaluations.js';
import { Asset } from './asset.js';
import { CompartmentEnum, JointSideEnum } from './evaluation-enums.js';
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

@ObjectType('JointSpaceDifference', {
  simpleResolvers: true,
  description:
    'Joint space of two volumes in a compartment, bone to bone; null where the edges of the bones are not seen.',
})
export class JointSpaceDifferenceItem {
  @Field(() => JointSideEnum, { description: 'The compartment.' })
  compartment!: JointSide;

  @Field(() => Float, { nullable: true, description: 'Of a, mm.' })
  first!: number | null;

  @Field(() => Float, { nullable: true, description: 'Of b, mm.' })
  second!: number | null;
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

  @Field(() => Float, {
    nullable: true,
    description:
      'Share of the voxels that differ by more than 8 % of the range, which a reader can see, 0 to 1; null where the two were compared ' +
      'by an earlier version.',
  })
  visible!: number | null;

  @Field(() => Float, { nullable: true, description: 'Mean Pearson correlation of equal slices.' })
  correlation!: number | null;

  @Field(() => [CompartmentDifferenceItem], {
    description: 'The same by part of the knee.',
    complexity: listComplexity(8),
  })
  compartments!: CompartmentDifferenceItem[];

  @Field(() => [JointSpaceDifferenceItem], {
    description: 'Joint space of both, by compartment; empty where the two were compared by an earlier version.',
    complexity: listComplexity(2),
  })
  jointSpace!: JointSpaceDifferenceItem[];

  @Field(() => Asset, { description: 'b - a as NIfTI, 16 bits: 32768 where they agree.' })
  volume!: Asset;

  @Field(() => Asset, { description: 'Both volumes and their difference, PNG.' })
  picture!: Asset;
}
