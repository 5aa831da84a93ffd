import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { type JointSpaceWidth, likeliestKl, READING_NOTICE } from '../domain/film-readings.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';
import type { RadiographReading } from '../entities/index.js';
import { SideEnum } from './enums.js';
import { FilmInput } from './film-input.js';
import { KneeBox } from './generation.js';
import { KneeBoxInput } from './generation-input.js';
import { payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';
import { BundleField } from './request-fields.js';

@ObjectType({
  simpleResolvers: true,
  description: 'A place on a film, film pixels; the middle of the first pixel is 0, 0.',
})
export class FilmPoint {
  @Field(() => Float, { description: 'From the left.' })
  column!: number;

  @Field(() => Float, { description: 'From the top.' })
  row!: number;
}

@ObjectType('JointSpaceWidth', {
  simpleResolvers: true,
  description: 'Narrowest distance between femur and tibia in one compartment, traced on the film.',
})
export class JointSpaceWidthItem {
  @Field(() => Float, {
    nullable: true,
    description: 'Millimetres at the detector; null where the size of the pixels is not known.',
  })
  mm: number | null;

  @Field(() => Float, { description: 'Per cent of the width of the crop around the knee.' })
  percent: number;

  @Field(() => [FilmPoint], { description: "The traced lower edge of the femur's condyle, left to right." })
  femur: FilmPoint[];

  @Field(() => [FilmPoint], { description: "The traced upper edge of the tibia's plateau, left to right." })
  tibia: FilmPoint[];

  constructor({ mm, percent, femur, tibia }: JointSpaceWidth) {
    this.mm = mm;
    this.percent = percent;
    this.femur = femur.map(([column, row]) => ({ column, row }));
    this.tibia = tibia.map(([column, row]) => ({ column, row }));
  }
}

@ObjectType('RadiographReading', {
  implements: Node,
  simpleResolvers: true,
  description:
    'What a network read off one knee on a film. A research aid: it is no reading by a person, never a grade of an exam, and in no ' +
    'filter, count or export of grades.',
})
export class RadiographReadingNode extends Node {
  @Field(() => SideEnum, { description: 'Which knee was read.' })
  side: Side;

  @Field(() => KneeBox, { description: 'What of the film was read.' })
  box: SquareBox;

  @Field(() => String, {
    nullable: true,
    description: 'Why the knee could not be read, one sentence; null where it was.',
  })
  unreadableReason: string | null;

  @Field(() => [Float], {
    nullable: true,
    description: 'Calibrated probabilities of KL 0 to 4, in this order; null where it could not be read.',
  })
  probabilities: number[] | null;

  @Field(() => Int, { nullable: true, description: 'The most probable Kellgren-Lawrence grade.' })
  kl: number | null;

  @Field(() => Float, { nullable: true, description: 'Sum of grade times probability.' })
  expectedKl: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "How unlike the films of its training the network found the film; read are those up to the bundle's limit.",
  })
  distance: number | null;

  @Field(() => JointSpaceWidthItem, { nullable: true, description: 'Null where its edges could not be traced.' })
  medial: JointSpaceWidthItem | null;

  @Field(() => JointSpaceWidthItem, { nullable: true, description: 'Null where its edges could not be traced.' })
  lateral: JointSpaceWidthItem | null;

  @Field(() => String, { description: 'What must stand beside the reading wherever it is shown.' })
  notice: string = READING_NOTICE;

  @Field(() => Int, { description: 'How long it took, ms.' })
  durationMs: number;

  @Field(() => DateTime, { description: 'When it was read.' })
  createdAt: Date;

  constructor(readonly row: RadiographReading) {
    super('RadiographReading', row.id);
    this.side = row.side;
    this.box = row.box;
    this.unreadableReason = row.unreadable;
    this.probabilities = row.probabilities;
    this.kl = row.probabilities && likeliestKl(row.probabilities);
    this.expectedKl = row.expectedKl;
    this.distance = row.distance;
    this.medial = row.medial && new JointSpaceWidthItem(row.medial);
    this.lateral = row.lateral && new JointSpaceWidthItem(row.lateral);
    this.durationMs = row.durationMs;
    this.createdAt = row.createdAt;
  }
}

@InputType({ description: 'Which knee of which film to read.' })
export class ReadRadiographInput extends FilmInput {
  @Field(() => KneeBoxInput, { nullable: true, description: 'Where the knee is on the film; default: found on it.' })
  box?: KneeBoxInput | null;

  @BundleField()
  bundle?: string | null;
}

export interface RadiographReadingPayload {
  reading: RadiographReadingNode;
}
export const ReadRadiographPayload = payloadType<RadiographReadingPayload>('readRadiograph', {
  reading: [
    () => RadiographReadingNode,
    'The reading; one made before of the same film by the same bundle is given again.',
  ],
});
