import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { MAX_BATCH_EXAMS, type SeedRule } from '../domain/batches.js';
import { type NoiseMode, SLICE_COUNT_RANGE } from '../domain/generations.js';
import type { SamplerName, Task } from '../inference/index.js';
import { GenerationTaskEnum, NoiseModeEnum, SamplerEnum, SeedRuleEnum } from './work-enums.js';
import { KneeExamFilter } from './filters.js';
import { FeatureOverrideInput } from './generation-input.js';
import { CohortProgressionInput } from './progression-input.js';
import { BundleField } from './request-fields.js';
import { DenoiseInput, UpscaleInput } from './restoration-input.js';
import { CohortSuperResolutionInput } from './super-resolution-input.js';

@InputType({ description: 'What is done to every film of a cohort: denoise or upscale.' })
export class CohortRestorationInput {
  @Field(() => DenoiseInput, { nullable: true, description: 'Take noise off.' })
  denoise?: DenoiseInput | null;

  @Field(() => UpscaleInput, { nullable: true, description: 'Enlarge.' })
  upscale?: UpscaleInput | null;
}

@InputType({ description: 'cohortId, where, or both say of which exams.' })
export class SynthesizeCohortInput {
  @Field(() => ID, { nullable: true, description: 'The cohort; its exams of this moment are frozen into the batch.' })
  cohortId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the cohort; default: the newest.' })
  cohortVersion?: number | null;

  @Field(() => KneeExamFilter, {
    nullable: true,
    description: `Further conditions; at most ${MAX_BATCH_EXAMS} exams in all.`,
  })
  where?: object | null;

  @Field(() => String, { nullable: true, description: "What to call it; default: the cohort's name." })
  name?: string | null;

  @BundleField()
  bundle?: string | null;

  @Field(() => GenerationTaskEnum, {
    nullable: true,
    description:
      'What is made of each exam: XRAY_TO_MRI (default), IMAGE_RESTORATION of the whole film, XRAY_PROGRESSION of the knee, or ' +
      'MRI_SUPER_RESOLUTION of one of its series.',
  })
  task?: Task | null;

  @Field(() => CohortRestorationInput, {
    nullable: true,
    description:
      'What the task IMAGE_RESTORATION is told; the fields of volumes (sliceCount, sampler, eta, noise, features) then stay out.',
  })
  restoration?: CohortRestorationInput | null;

  @Field(() => CohortProgressionInput, {
    nullable: true,
    description:
      'What the task XRAY_PROGRESSION is told; steps, seed and the fields of volumes (sliceCount, sampler, eta, noise, features) then stay out.',
  })
  progression?: CohortProgressionInput | null;

  @Field(() => CohortSuperResolutionInput, {
    nullable: true,
    description:
      'What the task MRI_SUPER_RESOLUTION is told; seed and the fields of volumes (sliceCount, sampler, eta, noise, features) then stay out.',
  })
  superResolution?: CohortSuperResolutionInput | null;

  @Field(() => Int, {
    nullable: true,
    description: `${SLICE_COUNT_RANGE.min} to ${SLICE_COUNT_RANGE.max}; default 50, the trained stack.`,
  })
  sliceCount?: number | null;

  @Field(() => Int, { nullable: true, description: "Denoiser steps; default: the bundle's." })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: "DDIM's eta, 0-1; default: the bundle's." })
  eta?: number | null;

  @Field(() => SamplerEnum, { nullable: true, description: "Default: the bundle's." })
  sampler?: SamplerName | null;

  @Field(() => NoiseModeEnum, { nullable: true, description: 'Default: SHARED.' })
  noise?: NoiseMode | null;

  @Field(() => [FeatureOverrideInput], {
    nullable: true,
    description: 'Grades to use instead of those of the preferred reading, for every exam.',
  })
  features?: FeatureOverrideInput[] | null;

  @Field(() => SeedRuleEnum, { nullable: true, description: 'Default: FIXED.' })
  seedRule?: SeedRule | null;

  @Field(() => Int, {
    nullable: true,
    description:
      '0 to 2147483647: the seed, or what the seeds are derived from; default 0, and for IMAGE_RESTORATION none: the mean.',
  })
  seed?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      '-10 to 10, default 0; a higher one goes first. A generation asked for by itself goes before every batch.',
  })
  priority?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Use results that are there already, made with the same model, image, seed and settings; default true.',
  })
  skipExisting?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Asking twice with one key gives one batch.' })
  clientKey?: string | null;
}
