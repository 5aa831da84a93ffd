import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import {
  MEASUREMENT_KINDS,
  MEASUREMENT_UNITS,
  type MeasurementKind,
  type MeasurementUnit,
} from '../domain/measurements.js';
import type { Measurement, MriSeries } from '../entities/index.js';
import { connectionType } from './connections.js';
import { choices } from './enum-types.js';
import { PlaneEnum } from './enums.js';
import { filterInput } from './filter-input.js';
import { KneeExamFilter } from './filters.js';
import { idInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTimeFilter, EQUALITY, FloatFilter, IdFilter, operators, TextFilter } from './operators.js';
import { DateTime } from './scalars.js';

const MeasurementKindEnum = choices('MeasurementKind', MEASUREMENT_KINDS, 'What is measured.', {
  LENGTH: 'The distance between two points.',
  ANGLE: 'The angle at the second of three points, 0 to 180 degrees.',
  JOINT_SPACE: 'How far the third point stands off the line through the first two, which lie on the tibial plateau.',
} satisfies Record<MeasurementKind, string>);

const MeasurementUnitEnum = choices('MeasurementUnit', MEASUREMENT_UNITS, 'What a measured value is in.', {
  MM: 'Millimetres; of a film those at the detector, not corrected for magnification.',
  PIXEL: 'Pixels: the size of one is unknown.',
  DEGREE: 'Degrees.',
} satisfies Record<MeasurementUnit, string>);

const POINTS =
  'In pixels of the picture, the middle of the first one being 0, 0: 2 points for LENGTH, 3 for the others. ' +
  "The picture is the film, or the slice as radiologists hang it: the patient's right or front on its left, head or front above.";

const SLICE =
  'Counted from 0: coronal ones from posterior to anterior, sagittal ones from right to left, axial ones from feet to head.';

@ObjectType('MeasurementPoint', { simpleResolvers: true, description: 'A point of a picture.' })
export class MeasurementPoint {
  @Field(() => Float, { description: 'Pixels from the middle of the first column.' })
  column!: number;

  @Field(() => Float, { description: 'Pixels from the middle of the first row.' })
  row!: number;
}

@ObjectType('Measurement', {
  implements: Node,
  simpleResolvers: true,
  description: 'What somebody has measured on an image. Everybody who may read records of the image sees it.',
})
export class MeasurementNode extends Node {
  @Field(() => MeasurementKindEnum, { description: 'What is measured.' })
  kind: MeasurementKind;

  @Field(() => PlaneEnum, { nullable: true, description: 'The plane that a series was cut along; null on a film.' })
  plane: MriSeries['plane'];

  @Field(() => Int, { nullable: true, description: `Slice of that plane. ${SLICE} Null on a film.` })
  slice: number | null;

  @Field(() => [MeasurementPoint], { description: POINTS })
  points: MeasurementPoint[];

  @Field(() => Float, { description: 'Computed by the server from the points and the size of a pixel.' })
  value: number;

  @Field(() => MeasurementUnitEnum, { description: 'What the value is in.' })
  unit: MeasurementUnit;

  @Field(() => String, { description: 'What whoever measured calls it.' })
  name: string;

  @Field(() => String, { description: 'What there is to say of it; empty without.' })
  note: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt: Date;

  constructor(readonly row: Measurement) {
    super('Measurement', row.id);
    this.kind = row.kind;
    this.plane = row.plane;
    this.slice = row.slice;
    this.points = row.points.map(([column, line]) => ({ column, row: line }));
    this.value = row.value;
    this.unit = row.unit;
    this.name = row.name;
    this.note = row.note;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
  }
}

export const MeasurementConnection = connectionType('Measurement', () => MeasurementNode);

const MeasurementKindFilter = operators('MeasurementKindFilter', () => MeasurementKindEnum, EQUALITY);
const MeasurementUnitFilter = operators('MeasurementUnitFilter', () => MeasurementUnitEnum, EQUALITY);

export const MeasurementFilter = filterInput('MeasurementFilter', 'Selects measurements.', () => MeasurementFilter, {
  id: [IdFilter, 'Node id.'],
  radiograph: [IdFilter, 'The film that it lies on.'],
  series: [IdFilter, 'The MRI series that it lies on.'],
  generation: [IdFilter, 'The generation on whose film it lies.'],
  upload: [IdFilter, 'The uploaded radiograph that it lies on, or that its image was made from.'],
  exam: [() => KneeExamFilter, 'The knee that is measured.'],
  kind: [MeasurementKindFilter, 'What is measured.'],
  value: [FloatFilter, 'Its value; only comparable within one unit.'],
  unit: [MeasurementUnitFilter, 'What the value is in.'],
  name: [TextFilter, 'Its name.'],
  note: [TextFilter, 'Its note.'],
  createdAt: [DateTimeFilter, 'When it was made.'],
  updatedAt: [DateTimeFilter, 'When it was last changed.'],
});

@InputType({ description: 'A point of a picture.' })
export class MeasurementPointInput {
  @Field(() => Float, { description: 'Pixels from the middle of the first column.' })
  column!: number;

  @Field(() => Float, { description: 'Pixels from the middle of the first row.' })
  row!: number;
}

const NOTE = { nullable: true, description: 'What there is to say of it; up to 1,000 characters.' } as const;

@InputType({ description: 'What was measured, and where. The value is not told: the server computes it.' })
export class SaveMeasurementInput {
  @Field(() => ID, {
    description:
      'Node id of the image: of a Radiograph, an MriSeries, an UploadedRadiograph, or of the Generation that made a film.',
  })
  imageId!: string;

  @Field(() => MeasurementKindEnum, { description: 'What is measured.' })
  kind!: MeasurementKind;

  @Field(() => PlaneEnum, { nullable: true, description: 'The plane that a series was cut along; not of a film.' })
  plane?: MriSeries['plane'];

  @Field(() => Int, { nullable: true, description: `Slice of that plane. ${SLICE}` })
  slice?: number | null;

  @Field(() => [MeasurementPointInput], { description: POINTS })
  points!: MeasurementPointInput[];

  @Field(() => String, { description: 'What it is called, 1 to 60 characters.' })
  name!: string;

  @Field(() => String, NOTE)
  note?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A key of your own: the same request with the same key is kept once, however often it is sent.',
  })
  clientKey?: string | null;
}

@InputType({ description: 'What to change of a measurement; all else stays.' })
export class UpdateMeasurementInput {
  @Field(() => ID, { description: 'Node id of the measurement.' })
  id!: string;

  @Field(() => [MeasurementPointInput], { nullable: true, description: `Where it lies now. ${POINTS}` })
  points?: MeasurementPointInput[] | null;

  @Field(() => String, { nullable: true, description: 'Its new name, 1 to 60 characters.' })
  name?: string | null;

  @Field(() => String, NOTE)
  note?: string | null;
}

export interface MeasurementPayload {
  measurement: MeasurementNode;
}
export const SaveMeasurementPayload = payloadType<MeasurementPayload>('saveMeasurement', {
  measurement: [() => MeasurementNode, 'The measurement with its value, also when its key was used before.'],
});
export const UpdateMeasurementPayload = payloadType<MeasurementPayload>('updateMeasurement', {
  measurement: [() => MeasurementNode, 'The measurement as it is now.'],
});
export interface DeletedMeasurementPayload {
  deletedMeasurementId: string;
}
export const DeleteMeasurementInput = idInput('deleteMeasurement', 'measurement');
export const DeleteMeasurementPayload = payloadType<DeletedMeasurementPayload>('deleteMeasurement', {
  deletedMeasurementId: [() => ID, 'Node id of the measurement that is gone.'],
});
