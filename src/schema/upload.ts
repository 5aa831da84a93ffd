import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { AttributeOutcome, DeidentifiedAs } from '../domain/deidentification.js';
import type { Side } from '../domain/participants.js';
import type { FilmView, UploadedKnee } from '../domain/uploads.js';
import type { UploadedMask, UploadedRadiograph } from '../entities/index.js';
import { connectionType } from './connections.js';
import { DeidentifiedAsEnum, FilmViewEnum, SideEnum } from './enums.js';
import { KneeBox } from './generation.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType('UploadedKnee', { simpleResolvers: true, description: 'A knee that was found on an uploaded radiograph.' })
export class UploadedKneeItem implements UploadedKnee {
  @Field(() => SideEnum, { nullable: true, description: 'Null where the film shows one knee and does not say which.' })
  side!: Side | null;

  @Field(() => KneeBox, { description: 'What of the film the model sees.' })
  box!: KneeBox;
}

@ObjectType('DeidentifiedAttribute', {
  simpleResolvers: true,
  description: "What became of one attribute of a file's header. No value of it is told.",
})
export class DeidentifiedAttribute implements AttributeOutcome {
  @Field(() => String, {
    description: 'Keyword, after those of the sequences that it lies in, e.g. "ViewCodeSequence.CodeMeaning".',
  })
  attribute!: string;

  @Field(() => String, { description: 'Group and element, e.g. "(0010,0010)".' })
  tag!: string;

  @Field(() => DeidentifiedAsEnum, { description: 'What became of its values.' })
  action!: DeidentifiedAs;

  @Field(() => Int, { description: 'How often it was met: once, unless it lies in items of a sequence.' })
  count!: number;
}

@ObjectType('UploadedRadiograph', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A film that somebody brought along by `POST /radiographs`. It belongs to its owner and to no participant; of the file only what ' +
    'stands here is kept, and the DICOM object that it came as without its patient. Its owner and administrators see it, and what was made from it.',
})
export class UploadedRadiographNode extends Node {
  @Field(() => FilmViewEnum, { description: 'Whether it shows both legs or one knee.' })
  view: FilmView;

  @Field(() => SideEnum, { nullable: true, description: 'The one knee that the file says it shows.' })
  laterality: Side | null;

  @Field(() => Int, { description: 'Pixels of a column.' })
  rows: number;

  @Field(() => Int, { description: 'Pixels of a row.' })
  columns: number;

  @Field(() => Float, { nullable: true, description: 'Millimetres per pixel at the detector, where the file says so.' })
  pixelSpacing: number | null;

  @Field(() => String, { nullable: true, description: 'Photometric interpretation of the source.' })
  photometric: string | null;

  @Field(() => [UploadedKneeItem], { description: 'The knees that were found on it.' })
  knees: UploadedKnee[];

  @Field(() => [String], { description: 'What could not be found or is not known, a sentence each.' })
  warnings: string[];

  @Field(() => [DeidentifiedAttribute], {
    nullable: true,
    description: 'What became of each attribute of its header; null for what was uploaded before that was kept.',
  })
  deidentification: AttributeOutcome[] | null;

  @Field(() => DateTime, { description: 'When it was uploaded.' })
  createdAt: Date;

  @Field(() => DateTime, {
    description: 'When it is removed, with every volume made from it; uploading it again begins anew.',
  })
  expiresAt: Date;

  constructor(readonly row: UploadedRadiograph) {
    super('UploadedRadiograph', row.id);
    this.view = row.view;
    this.laterality = row.laterality;
    this.rows = row.rows;
    this.columns = row.columns;
    this.pixelSpacing = row.pixelSpacing;
    this.photometric = row.photometric;
    this.knees = row.knees;
    this.warnings = row.warnings;
    this.deidentification = row.deidentification;
    this.createdAt = row.createdAt;
    this.expiresAt = row.expiresAt;
  }
}

export const UploadedRadiographConnection = connectionType('UploadedRadiograph', () => UploadedRadiographNode);

@ObjectType('UploadedMask', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A volume that somebody brought along by `POST /masks` to say what is hidden of a series. It belongs to its owner; of the file its grid is ' +
    'kept, and where it is above 0. Its owner and administrators see it.',
})
export class UploadedMaskNode extends Node {
  @Field(() => Int, { description: 'Voxels along a row.' })
  columns: number;

  @Field(() => Int, { description: 'Voxels along a column.' })
  rows: number;

  @Field(() => Int, { description: 'How many slices it has.' })
  slices: number;

  @Field(() => Int, { description: 'How many voxels are above 0: what is to be filled in.' })
  hiddenVoxels: number;

  @Field(() => DateTime, { description: 'When it was uploaded.' })
  createdAt: Date;

  @Field(() => DateTime, {
    description: 'When it is removed; uploading it again begins anew. What was filled in by it keeps a copy.',
  })
  expiresAt: Date;

  constructor(readonly row: UploadedMask) {
    super('UploadedMask', row.id);
    this.columns = row.columns;
    this.rows = row.rows;
    this.slices = row.slices;
    this.hiddenVoxels = row.hiddenVoxels;
    this.createdAt = row.createdAt;
    this.expiresAt = row.expiresAt;
  }
}

export const UploadedMaskConnection = connectionType('UploadedMask', () => UploadedMaskNode);
