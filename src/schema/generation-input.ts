import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { FeatureCode } from '../domain/features.js';
import { type NoiseMode, SLICE_COUNT_RANGE } from '../domain/generations.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { SamplerName } from '../inference/index.js';
import { FeatureEnum } from './enums.js';
import { NoiseModeEnum, SamplerEnum } from './work-enums.js';
import { FilmInput } from './film-input.js';
import { BundleField, ClientKeyField } from './request-fields.js';

/** Slices of the trained stack. */
const TRAINED_SLICES = 50;

@InputType({ description: 'Overrides one grade: an ablation or a what-if.' })
export class FeatureOverrideInput {
  @Field(() => FeatureEnum, { description: 'The feature whose grade is replaced.' })
  feature!: FeatureCode;

  @Field(() => Int, { nullable: true, description: 'Null = treat as missing.' })
  grade?: number | null;
}

@InputType({
  description:
    'A square of the film around the knee: centred on the joint line, 1.22 tibial plateaus wide; film pixels.',
})
export class KneeBoxInput implements SquareBox {
  @Field(() => Float, { description: 'Its left edge, pixels from the left of the film.' })
  left!: number;

  @Field(() => Float, { description: 'Its upper edge, pixels from the top of the film.' })
  top!: number;

  @Field(() => Float, { description: 'At least 16.' })
  side!: number;
}

@InputType({ description: 'examId, radiographId or uploadId says what to generate from.' })
export class GenerateMriInput extends FilmInput {
  @Field(() => ID, {
    nullable: true,
    description:
      "A radiograph of the caller's own, uploaded by `POST /radiographs`, instead of an exam's. Nothing is known of it but the film: " +
      'every grade counts as missing unless `features` gives it, and nothing is scored.',
  })
  override uploadId?: string | null;

  @Field(() => KneeBoxInput, {
    nullable: true,
    description:
      'Where the knee is on the film; default: found by the knee detector, and refused where it is not sure.',
  })
  box?: KneeBoxInput | null;

  @BundleField()
  bundle?: string | null;

  @Field(() => Int, {
    defaultValue: TRAINED_SLICES,
    description: `${SLICE_COUNT_RANGE.min} to ${SLICE_COUNT_RANGE.max}; ${TRAINED_SLICES} is the trained stack.`,
  })
  sliceCount!: number;

  @Field(() => Int, { nullable: true, description: "Denoiser steps; default: the bundle's." })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: "DDIM's eta, 0-1; default: the bundle's." })
  eta?: number | null;

  @Field(() => SamplerEnum, { nullable: true, description: "Default: the bundle's." })
  sampler?: SamplerName | null;

  @Field(() => Int, {
    nullable: true,
    description:
      '0 to 2147483647; default: drawn at random. The same request with the same seed gives the same volume.',
  })
  seed?: number | null;

  @Field(() => NoiseModeEnum, {
    description: 'Where the initial noise of each slice comes from.',
    defaultValue: 'SHARED',
  })
  noise!: NoiseMode;

  @Field(() => [FeatureOverrideInput], {
    nullable: true,
    description: 'Grades to use instead of those of the preferred reading.',
  })
  features?: FeatureOverrideInput[] | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'How strongly the grades pull, 0 to 5: 0 leaves them out, 1 (the default) is as trained, more goes beyond what the bundle draws by itself. Any but 1 takes twice the time.',
  })
  gradeGuidance?: number | null;

  @ClientKeyField()
  clientKey?: string | null;
}
