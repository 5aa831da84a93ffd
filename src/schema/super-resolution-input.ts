import { Field, Float, InputType, Int } from 'type-graphql';
import type { SuperResolver } from '../inference/index.js';
import { SuperResolverEnum } from './work-enums.js';

export const ScaleField = () =>
  Field(() => Float, { description: 'How many times as many pixels along rows and columns, e.g. 2, 2.6667 or 4.' });

export const ThroughPlaneField = () =>
  Field(() => Int, {
    nullable: true,
    description:
      'How many slices are made of each first: 2; default: as many as there are stay. It takes memory for the whole series.',
  });

export const NetworkField = () =>
  Field(() => SuperResolverEnum, { nullable: true, description: 'Which of the two networks; default STUDENT.' });

export const BiasField = () =>
  Field(() => Boolean, {
    nullable: true,
    description: 'Whether the shading of the coil is estimated from the series and divided by; default false.',
  });

export const CoefficientsField = () =>
  Field(() => String, {
    nullable: true,
    description:
      "Content of a file with the coefficients of the scanner's gradient coils, as `osteograph superres --coefficients` takes one, to unwarp by; " +
      'default: no unwarping. It wants a series that the scanner has not corrected itself, placed about the isocentre.',
  });

@InputType({ description: 'Which series of each exam is brought to a finer grid, and how.' })
export class CohortSuperResolutionInput {
  @Field(() => String, {
    description:
      'Description of the series, with or without the side at its end, e.g. COR_T1_3D_FLASH; of several of that name the newest is taken.',
  })
  sequence!: string;

  @ScaleField()
  scale!: number;

  @ThroughPlaneField()
  throughPlane?: number | null;

  @NetworkField()
  network?: SuperResolver | null;

  @BiasField()
  bias?: boolean | null;

  @CoefficientsField()
  coefficients?: string | null;
}
