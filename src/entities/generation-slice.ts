import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Asset } from './asset.js';
import { Generation } from './generation.js';

/** One finished slice of a generation. Its blob exists before this row, this row before the event that announces it. */
@Entity()
@Index('IDX_generation_slice_asset', ['assetId'])
export class GenerationSlice {
  @PrimaryColumn('uuid')
  generationId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  generation!: Relation<Generation>;

  /** 0 (posterior) to sliceCount - 1 (anterior). */
  @PrimaryColumn('smallint')
  index!: number;

  /** 0 (posterior) to 1 (anterior). */
  @Column('double precision')
  depth!: number;

  @Column('double precision', { nullable: true })
  psnr!: number | null;

  @Column('double precision', { nullable: true })
  ssim!: number | null;

  @Column('double precision', { nullable: true })
  rssim!: number | null;

  @Column('integer')
  assetId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;
}
