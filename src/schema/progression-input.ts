import { Field, InputType, Int } from 'type-graphql';
import { type AffectedCompartment, FRAME_COUNT } from '../domain/progressions.js';
import { AffectedCompartmentEnum } from './work-enums.js';

const { least, most, usual } = FRAME_COUNT;

export const TargetKlField = () =>
  Field(() => Int, { description: 'KL grade of the last frame, 0-4; worse or better than that of the film.' });

export const CompartmentField = () =>
  Field(() => AffectedCompartmentEnum, {
    nullable: true,
    description: 'Which part of the joint closes or opens; default MEDIAL.',
  });

export const FrameCountField = () =>
  Field(() => Int, {
    nullable: true,
    description: `Frames, the film itself among them: ${least} to ${most}; default ${usual}.`,
  });

@InputType({ description: 'How knees are to change.' })
export class CohortProgressionInput {
  @TargetKlField()
  targetKl!: number;

  @CompartmentField()
  compartment?: AffectedCompartment | null;

  @FrameCountField()
  frameCount?: number | null;
}
