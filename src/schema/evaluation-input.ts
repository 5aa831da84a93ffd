import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { SeedRule } from '../domain/batches.js';
import type { NoiseMode } from '../domain/generations.js';
import type { SamplerName } from '../inference/index.js';
import { NoiseModeEnum, SamplerEnum, SeedRuleEnum } from './work-enums.js';
import { KneeExamFilter } from './filters.js';
import { FeatureOverrideInput } from './generation-input.js';

@InputType({ description: 'A set of grades to condition on: an ablation or a what-if.' })
export class FeatureSetInput {
  @Field(() => String, { description: 'E.g. "preferred reading", "without XRCHL".' })
  name!: string;

  @Field(() => [FeatureOverrideInput], { description: 'None: the grades of the preferred reading.' })
  overrides!: FeatureOverrideInput[];
}

@InputType({
  description:
    'Every combination of bundles, samplers, steps, slice counts and feature sets is an arm, at most 24. Without cohort and ' +
    'filter, all knees that have a radiograph and an MRI series are taken.',
})
export class EvaluateBundlesInput {
  @Field(() => String, { nullable: true, description: 'Default: made from the bundles.' })
  name?: string | null;

  @Field(() => [String], { description: '`name` or `name@version`.' })
  bundles!: string[];

  @Field(() => [SamplerEnum], { nullable: true, description: "Default: each bundle's own." })
  samplers?: SamplerName[] | null;

  @Field(() => [Int], { nullable: true, description: "Denoiser steps; default: each bundle's own." })
  steps?: number[] | null;

  @Field(() => Float, { nullable: true, description: "DDIM's eta, 0-1; default: each bundle's own." })
  eta?: number | null;

  @Field(() => [Int], { nullable: true, description: 'Default: 50, the trained stack.' })
  sliceCounts?: number[] | null;

  @Field(() => [FeatureSetInput], {
    nullable: true,
    description: 'Default: the grades of the preferred reading alone.',
  })
  featureSets?: FeatureSetInput[] | null;

  @Field(() => NoiseModeEnum, { nullable: true, description: 'Default: SHARED.' })
  noise?: NoiseMode | null;

  @Field(() => Int, { nullable: true, description: '0 to 2147483647; default 0.' })
  seed?: number | null;

  @Field(() => SeedRuleEnum, { nullable: true, description: 'Default: PER_EXAM.' })
  seedRule?: SeedRule | null;

  @Field(() => ID, { nullable: true, description: 'The cohort whose knees are taken.' })
  cohortId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the cohort; default: the newest.' })
  cohortVersion?: number | null;

  @Field(() => KneeExamFilter, { nullable: true, description: 'Further conditions.' })
  where?: object | null;
}
