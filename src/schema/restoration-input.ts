import { Field, Float, InputType } from 'type-graphql';

@InputType({ description: 'Takes noise off a film.' })
export class DenoiseInput {
  @Field(() => Float, {
    nullable: true,
    description: "Deviation of the noise, 1/255 of the film's 5 to 99 % window; default: estimated.",
  })
  sigma?: number | null;

  @Field(() => Float, { nullable: true, description: 'Share of pixels that are black or white, 0-1; default 0.' })
  impulses?: number | null;
}

@InputType({ description: 'Enlarges a film.' })
export class UpscaleInput {
  @Field(() => Float, { description: 'How many times finer, e.g. 2, 2.83, 4 or 8.' })
  factor!: number;
}
