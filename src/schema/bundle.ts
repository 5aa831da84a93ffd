import { Field, Int, ObjectType } from 'type-graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { isFeatureCode } from '../domain/features.js';
import type { FeatureCode } from '../domain/features.js';
import type { Bundle } from '../entities/index.js';
import { SAMPLERS } from '../inference/index.js';
import type { BundleManifest, SamplerName } from '../inference/index.js';
import { FeatureEnum } from './enums.js';
import { BundleStateEnum, GenerationTaskEnum, SamplerEnum } from './work-enums.js';
import { Node } from './node.js';
import { DateTime, LargeInt } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'A feature that conditions a model.' })
export class BundleFeature {
  @Field(() => FeatureEnum, { description: 'The radiographic feature.' })
  feature!: FeatureCode;

  @Field(() => Int, { description: 'Number of grades, 0 included.' })
  levels!: number;
}

@ObjectType('Bundle', { implements: Node, simpleResolvers: true, description: 'One version of one model.' })
export class BundleNode extends Node {
  @Field(() => String, { description: 'Name of the model; its versions share it.' })
  name: string;

  @Field(() => String, { description: 'Semantic version.' })
  version: string;

  @Field(() => GenerationTaskEnum, { description: 'What it does.' })
  task: string;

  @Field(() => BundleStateEnum, { description: 'Whether it can be used.' })
  state: Bundle['state'];

  @Field(() => String, { nullable: true, description: 'Why it cannot be used.' })
  refusal: string | null;

  @Field(() => String, { description: 'Hash over the manifest and its graphs.' })
  sha256: string;

  @Field(() => LargeInt, {
    nullable: true,
    description: 'Size of its graphs in bytes; null of one that was never READY.',
  })
  bytes: number | null;

  @Field(() => String, { description: 'What it is, in words of its makers.', nullable: true })
  description: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for, and what not.' })
  intendedUse: string | null;

  @Field(() => String, { description: 'Terms of use of the weights.', nullable: true })
  licence: string | null;

  @Field(() => [BundleFeature], { description: 'Features it is conditioned on, in its own order.' })
  features: BundleFeature[];

  @Field(() => Int, { nullable: true, description: 'Denoiser steps unless a request says otherwise.' })
  defaultSteps: number | null;

  @Field(() => SamplerEnum, { nullable: true, description: 'Sampler unless a request says otherwise.' })
  defaultSampler: SamplerName | null;

  @Field(() => GraphQLJSONObject, { description: 'The whole manifest.' })
  manifest: Record<string, unknown>;

  @Field(() => DateTime, { description: 'When this version was registered.' })
  createdAt: Date;

  constructor(readonly row: Bundle) {
    super('Bundle', row.id);
    // A refused bundle may lack any part of its manifest.
    const manifest = row.manifest as Partial<BundleManifest>;
    this.name = row.name;
    this.version = row.version;
    this.task = row.task;
    this.state = row.state;
    this.refusal = row.refusal;
    this.sha256 = row.sha256;
    this.bytes = row.bytes;
    this.description = manifest.description ?? null;
    this.intendedUse = manifest.intendedUse ?? null;
    this.licence = manifest.licence ?? null;
    this.features = (manifest.conditioning?.features ?? [])
      .filter(({ name }) => isFeatureCode(name))
      .map(({ name, levels }) => ({ feature: name, levels }));
    this.defaultSteps = manifest.sampler?.steps ?? null;
    const sampler = manifest.sampler?.name.toUpperCase();
    this.defaultSampler = SAMPLERS.find((known) => known === sampler) ?? null;
    this.manifest = row.manifest;
    this.createdAt = row.createdAt;
  }
}
