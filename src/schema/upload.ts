import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import type { FilmView, UploadedKnee } from '../domain/uploads.js';
import type { UploadedRadiograph } from '../entities/index.js';
import { connectionType } from './connections.js';
import { FilmViewEnum, SideEnum } from './enums.js';
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

@ObjectType('UploadedRadiograph', {
  implements: Node,
  simpleResolvers: true,
  description:
    'A film that somebody brought along by `POST /radiographs`. It belongs to its owner and to no participant; of the file only what ' +
    'stands here is kept. Its owner and administrators see it, and what was made from it.',
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
    this.createdAt = row.createdAt;
    this.expiresAt = row.expiresAt;
  }
}

export const UploadedRadiographConnection = connectionType('UploadedRadiograph', () => UploadedRadiographNode);
