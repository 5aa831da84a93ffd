import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Side } from '../domain/participants.js';
import type { FilmView, UploadedKnee } from '../domain/uploads.js';
import type { AttributeOutcome } from '../domain/deidentification.js';
import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';

/**
 * A film that somebody brought along. It belongs to its owner and to no participant: cohorts, exams and exports know nothing of it.
 * Of the file only what stands here is kept, and the object that it came as without its patient (OriginalObject).
 */
@Entity()
@Unique(['ownerId', 'assetId'])
@Index(['assetId'])
@Index(['expiresAt'])
export class UploadedRadiograph {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  ownerId!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  owner!: Relation<ApiToken>;

  @Column('text')
  view!: FilmView;

  /** The one knee that the file says it shows. */
  @Column('text', { nullable: true })
  laterality!: Side | null;

  @Column('integer')
  rows!: number;

  @Column('integer')
  columns!: number;

  /** Millimetres per pixel at the detector, where the file says so. */
  @Column('real', { nullable: true })
  pixelSpacing!: number | null;

  /** Photometric interpretation of the source; stored pixels always show bone bright. */
  @Column('text', { nullable: true })
  photometric!: string | null;

  /** The knees that were found when it came. */
  @Column('jsonb')
  knees!: UploadedKnee[];

  /** What could not be found or is not known, a sentence each. */
  @Column('text', { array: true })
  warnings!: string[];

  /** What became of each attribute of its header; null for what came before that was kept. */
  @Column('jsonb', { nullable: true })
  deidentification!: AttributeOutcome[] | null;

  @Column('integer')
  assetId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** When it is removed, with all that was made from it. */
  @Column('timestamptz')
  expiresAt!: Date;
}
