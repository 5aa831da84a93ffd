import { Field, InputType, Int } from 'type-graphql';
import type { AffectedCompartment } from '../domain/progressions.js';
import { KneeBoxInput } from './generation-input.js';
import { FilmInput } from './film-input.js';
import { generationPayload } from './mutations.js';
import { CompartmentField, FrameCountField, TargetKlField } from './progression-input.js';
import { BundleField, ClientKeyField, PriorityField } from './request-fields.js';

@InputType({
  description:
    'examId, radiographId or uploadId says which film and side which knee of it; targetKl says which grade is wished.',
})
export class GenerateProgressionInput extends FilmInput {
  @Field(() => KneeBoxInput, {
    nullable: true,
    description: 'Where the knee is, film pixels; default: found on the film.',
  })
  box?: KneeBoxInput | null;

  @TargetKlField()
  targetKl!: number;

  @Field(() => Int, {
    nullable: true,
    description: "The film's own KL grade, 0-4; default: of the exam's preferred reading, else as the grader reads it.",
  })
  ownKl?: number | null;

  @CompartmentField()
  compartment?: AffectedCompartment | null;

  @FrameCountField()
  frameCount?: number | null;

  @BundleField()
  bundle?: string | null;

  @PriorityField()
  priority?: number | null;

  @ClientKeyField()
  clientKey?: string | null;
}

export const GenerateProgressionPayload = generationPayload(
  'generateProgression',
  'The generation, also when its key was used before.',
);
