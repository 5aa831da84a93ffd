import { Field, ID, InputType, Int } from 'type-graphql';
import { generationPayload } from './mutations.js';
import type { SuperResolver } from '../inference/index.js';
import { BundleField, ClientKeyField, PriorityField } from './request-fields.js';
import { BiasField, CoefficientsField, NetworkField, ScaleField, ThroughPlaneField } from './super-resolution-input.js';

@InputType({ description: 'Which series is to be brought to a finer grid, and how.' })
export class SuperResolveSeriesInput {
  @Field(() => ID, { description: 'An MRI series of an exam that was imported with its images.' })
  seriesId!: string;

  @ScaleField()
  scale!: number;

  @ThroughPlaneField()
  throughPlane?: number | null;

  @NetworkField()
  network?: SuperResolver | null;

  @Field(() => Int, { nullable: true, description: "Steps of the network; default: the network's." })
  steps?: number | null;

  @BiasField()
  bias?: boolean | null;

  @CoefficientsField()
  coefficients?: string | null;

  @BundleField()
  bundle?: string | null;

  @PriorityField()
  priority?: number | null;

  @ClientKeyField()
  clientKey?: string | null;
}

export const SuperResolveSeriesPayload = generationPayload(
  'superResolveSeries',
  'The generation, also when its key was used before.',
);
