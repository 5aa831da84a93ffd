import { Field, ID, InputType, Int } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import { SideEnum } from './enums.js';
import { FilmInput } from './film-input.js';
import { generationPayload } from './mutations.js';
import { DenoiseInput, UpscaleInput } from './restoration-input.js';
import { BundleField, ClientKeyField, PriorityField } from './request-fields.js';

@InputType({ description: 'Fills in what is hidden.' })
export class InpaintInput {
  @Field(() => ID, {
    description:
      "An image of the caller's own, uploaded by `POST /radiographs` and as large as the film: what is not black in it is filled in.",
  })
  maskUploadId!: string;
}

@InputType({
  description:
    'examId, radiographId or uploadId says which film, which is restored as a whole; one of denoise, upscale and inpaint says how.',
})
export class RestoreRadiographInput extends FilmInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The radiograph. Of a bilateral film examId or side says at which exam the result is listed.',
  })
  override radiographId?: string | null;

  @Field(() => SideEnum, {
    nullable: true,
    description: "The knee at whose exam the result is listed; of a bilateral film by default the right one's.",
  })
  override side?: Side | null;

  @Field(() => DenoiseInput, { nullable: true, description: 'Take noise off.' })
  denoise?: DenoiseInput | null;

  @Field(() => UpscaleInput, { nullable: true, description: 'Enlarge.' })
  upscale?: UpscaleInput | null;

  @Field(() => InpaintInput, { nullable: true, description: 'Fill in what is hidden.' })
  inpaint?: InpaintInput | null;

  @BundleField()
  bundle?: string | null;

  @Field(() => Int, { nullable: true, description: "Steps of the network; default: the bundle's." })
  steps?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: '0 to 2147483647: draws one of the films that could be behind it; default: the mean of them all.',
  })
  seed?: number | null;

  @PriorityField()
  priority?: number | null;

  @ClientKeyField()
  clientKey?: string | null;
}

export const RestoreRadiographPayload = generationPayload(
  'restoreRadiograph',
  'The generation, also when its key was used before.',
);
