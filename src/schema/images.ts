import { Field, Float, Int, ObjectType } from 'type-graphql';
import { GraphQLDate } from 'graphql-scalars';
import type { MriAcquisition } from '../domain/acquisition.js';
import { type MriProtocol, protocolOf } from '../domain/mri-protocols.js';
import type { Side } from '../domain/participants.js';
import { isDropped, type MriSeries, type Radiograph } from '../entities/index.js';
import { ImageProvenanceEnum, MriProtocolEnum, PlaneEnum, SideEnum } from './enums.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType('Radiograph', {
  implements: Node,
  simpleResolvers: true,
  description: 'A film of both knees, or of one. Stored pixels show bone bright.',
})
export class RadiographNode extends Node {
  @Field(() => Boolean, { description: 'True when the film shows both knees.' })
  bilateral: boolean;

  @Field(() => String, { nullable: true, description: 'Twelve digits; null for a film that was added by hand.' })
  barcode: string | null;

  @Field(() => String, { description: "OAI's exam type." })
  view: string;

  @Field(() => Boolean, { description: 'True when a newer release of the table of films has it no more.' })
  dropped: boolean;

  @Field(() => GraphQLDate, { description: 'Day it was taken.', nullable: true })
  date: string | null;

  @Field(() => Int, { nullable: true, description: 'Null while only the tables tell of the film.' })
  rows: number | null;

  @Field(() => Int, { description: 'Pixels of a row; null while only the tables tell of the film.', nullable: true })
  columns: number | null;

  @Field(() => Float, { nullable: true, description: 'Millimetres per pixel at the detector.' })
  pixelSpacing: number | null;

  @Field(() => String, { nullable: true, description: 'Photometric interpretation of the source.' })
  photometric: string | null;

  @Field(() => ImageProvenanceEnum, {
    description: 'What its file or release said that it shows; never guessed from an id.',
  })
  provenance: Radiograph['provenance'];

  @Field(() => String, {
    nullable: true,
    description: 'Who stands behind the release that it is of; null where none is known.',
  })
  sponsor: string | null;

  constructor(readonly row: Radiograph) {
    super('Radiograph', row.id);
    this.bilateral = row.visitId !== null;
    this.provenance = row.provenance;
    this.sponsor = row.sponsor;
    this.barcode = row.barcode;
    this.view = row.view;
    this.dropped = isDropped(row);
    this.date = row.date;
    this.rows = row.rows;
    this.columns = row.columns;
    this.pixelSpacing = row.pixelSpacing;
    this.photometric = row.photometric;
  }
}

@ObjectType('SeriesDownload', {
  simpleResolvers: true,
  description: 'A form of a series that is made when it is fetched.',
})
export class SeriesDownload {
  @Field(() => String, {
    description: 'Signed, expiring; relative to the address of the server. Takes Range requests and has a strong ETag.',
  })
  url!: string;

  @Field(() => DateTime, { description: 'When the URL ends to work; asking again gives a new one.' })
  expiresAt!: Date;

  @Field(() => String, { description: 'As in the Content-Type header, e.g. `application/zip`.' })
  mediaType!: string;
}

@ObjectType('MriAcquisition', {
  simpleResolvers: true,
  description: 'How a scanner took an MRI series; what its file does not say is null.',
})
export class MriAcquisitionNode implements MriAcquisition {
  @Field(() => Float, { nullable: true, description: 'TE, ms.' })
  echoTime!: number | null;

  @Field(() => Float, { nullable: true, description: 'TR, ms.' })
  repetitionTime!: number | null;

  @Field(() => Float, { nullable: true, description: 'TI, ms.' })
  inversionTime!: number | null;

  @Field(() => Float, { nullable: true, description: 'Degrees.' })
  flipAngle!: number | null;

  @Field(() => Float, { nullable: true, description: 'Tesla.' })
  fieldStrength!: number | null;

  @Field(() => Float, { nullable: true, description: 'Hz per pixel.' })
  pixelBandwidth!: number | null;

  @Field(() => Float, { nullable: true, description: 'mm, without the gap between slices.' })
  sliceThickness!: number | null;

  @Field(() => Float, { nullable: true, description: 'Number of averages.' })
  averages!: number | null;

  @Field(() => String, { nullable: true, description: 'Who made the scanner.' })
  manufacturer!: string | null;

  @Field(() => String, { nullable: true, description: 'Model of the scanner.' })
  model!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the coil that received.' })
  receiveCoil!: string | null;
}

@ObjectType('MriSeries', {
  implements: Node,
  simpleResolvers: true,
  description: 'A stack of slices: imported, or generated and then always flagged synthetic.',
})
export class MriSeriesNode extends Node {
  @Field(() => Boolean, { description: 'True for a series that a bundle generated.' })
  synthetic: boolean;

  @Field(() => String, { nullable: true, description: 'Twelve digits; null for a generated series.' })
  barcode: string | null;

  @Field(() => String, { description: 'Series description, which ends with the side.' })
  sequence: string;

  @Field(() => MriProtocolEnum, { description: 'What the description says beside the side.' })
  protocol: MriProtocol;

  @Field(() => SideEnum, { nullable: true, description: 'Knee that the description names; null where it names none.' })
  side: Side | null;

  @Field(() => Boolean, { description: 'True when a newer release of the table of series has it no more.' })
  dropped: boolean;

  @Field(() => PlaneEnum, { description: 'Plane of the slices.', nullable: true })
  plane: MriSeries['plane'];

  @Field(() => GraphQLDate, { description: 'Day it was taken; null for a generated series.', nullable: true })
  date: string | null;

  @Field(() => Int, { nullable: true, description: 'Null while only the tables tell of the series.' })
  sliceCount: number | null;

  @Field(() => Int, {
    description: 'Pixels of a column; null while only the tables tell of the series.',
    nullable: true,
  })
  rows: number | null;

  @Field(() => Int, { description: 'Pixels of a row; null while only the tables tell of the series.', nullable: true })
  columns: number | null;

  @Field(() => Float, { nullable: true, description: 'In-plane millimetres per pixel.' })
  pixelSpacing: number | null;

  @Field(() => Float, { nullable: true, description: 'Millimetres between neighbouring slices.' })
  sliceSpacing: number | null;

  @Field(() => String, { nullable: true, description: 'Direction of growing slice index.' })
  direction: string | null;

  @Field(() => MriAcquisitionNode, {
    nullable: true,
    description: 'How the scanner took it; null of a generated series, and of one that came in before this was kept.',
  })
  acquisition: MriAcquisition | null;

  @Field(() => DateTime, { description: 'When it came into the platform.' })
  createdAt: Date;

  @Field(() => ImageProvenanceEnum, {
    description: 'What its file or release said that it shows; never guessed from an id.',
  })
  provenance: MriSeries['provenance'];

  @Field(() => String, {
    nullable: true,
    description: 'Who stands behind the release that it is of; null where none is known.',
  })
  sponsor: string | null;

  constructor(readonly row: MriSeries) {
    super('MriSeries', row.id);
    this.synthetic = row.synthetic;
    this.provenance = row.provenance;
    this.sponsor = row.sponsor;
    this.barcode = row.barcode;
    this.sequence = row.sequence;
    const { protocol, side } = protocolOf(row.sequence);
    this.protocol = protocol;
    this.side = side;
    this.dropped = isDropped(row);
    this.plane = row.plane;
    this.date = row.date;
    this.sliceCount = row.sliceCount;
    this.rows = row.rows;
    this.columns = row.columns;
    this.pixelSpacing = row.pixelSpacing;
    this.sliceSpacing = row.sliceSpacing;
    this.direction = row.direction;
    this.acquisition = row.acquisition;
    this.createdAt = row.createdAt;
  }
}
