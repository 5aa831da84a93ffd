import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';

/**
 * A volume that says what is hidden of a series. It belongs to its owner; whoever has a series filled in by it keeps a copy of its file with the
 * generation, so that it may go. Of the file that was brought, its grid and where it is above 0 are kept.
 */
@Entity()
@Unique(['ownerId', 'assetId'])
@Index(['assetId'])
@Index(['expiresAt'])
export class UploadedMask {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  ownerId!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  owner!: Relation<ApiToken>;

  @Column('integer')
  columns!: number;

  @Column('integer')
  rows!: number;

  @Column('integer')
  slices!: number;

  /** Voxels that are above 0. */
  @Column('integer')
  hiddenVoxels!: number;

  /** NIfTI: 1 where it hides something, 0 elsewhere, on the grid of the file. */
  @Column('integer')
  assetId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** When it is removed. */
  @Column('timestamptz')
  expiresAt!: Date;
}
