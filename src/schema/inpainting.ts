import { Field, ID, InputType, Int } from 'type-graphql';
import type { HiddenBox } from '../domain/hidden-places.js';
import { generationPayload } from './mutations.js';
import { BundleField, ClientKeyField, PriorityField } from './request-fields.js';

@InputType({
  description: 'A rectangle of a series that is to be filled in, in one slice or several; all count from 0.',
})
export class HiddenBoxInput implements HiddenBox {
  @Field(() => Int, { description: 'First slice that it lies in.' })
  firstSlice!: number;

  @Field(() => Int, { description: 'Last slice that it lies in, itself included.' })
  lastSlice!: number;

  @Field(() => Int, { description: 'Its first column.' })
  left!: number;

  @Field(() => Int, { description: 'Its first row.' })
  top!: number;

  @Field(() => Int, { description: 'Its width, pixels.' })
  columns!: number;

  @Field(() => Int, { description: 'Its height, pixels.' })
  rows!: number;
}

@InputType({ description: 'An uploaded image that hides parts of slices; slices count from 0.' })
export class MaskImageInput {
  @Field(() => ID, {
    description: 'An upload of as many rows and columns as the slices; what is not black in it is filled in.',
  })
  maskUploadId!: string;

  @Field(() => Int, { description: 'First slice that it hides parts of.' })
  firstSlice!: number;

  @Field(() => Int, { description: 'Last slice that it hides parts of, itself included.' })
  lastSlice!: number;
}

@InputType({
  description: 'Which series is to be filled in, and where: slices, boxes, masks, a volume or several of these.',
})
export class InpaintSeriesInput {
  @Field(() => ID, { description: 'An MRI series of an exam that was imported with its images.' })
  seriesId!: string;

  @Field(() => [Int], { nullable: true, description: 'Slices that are lost, from 0; each is filled in whole.' })
  slices?: number[] | null;

  @Field(() => [HiddenBoxInput], {
    nullable: true,
    description: 'Rectangles that are hidden, e.g. by metal or beyond a cut edge of the field of view.',
  })
  boxes?: HiddenBoxInput[] | null;

  @Field(() => [MaskImageInput], { nullable: true, description: 'Images that were uploaded as masks.' })
  masks?: MaskImageInput[] | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "A volume of the caller's own, uploaded by `POST /masks` and on the grid of the series: where it is above 0 is filled in.",
  })
  maskUploadId?: string | null;

  @Field(() => Int, { nullable: true, description: "Steps of the network; default: the bundle's." })
  steps?: number | null;

  @BundleField()
  bundle?: string | null;

  @PriorityField()
  priority?: number | null;

  @ClientKeyField()
  clientKey?: string | null;
}

export const InpaintSeriesPayload = generationPayload(
  'inpaintSeries',
  'The generation, also when its key was used before.',
);
