import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { OutputKind } from '../domain/generation-outputs.js';
import { Asset } from './asset.js';
import { Generation } from './generation.js';

/** A file that a generation was given or has made. */
@Entity()
@Index('IDX_generation_output_asset', ['assetId'])
export class GenerationOutput {
  @PrimaryColumn('uuid')
  generationId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  generation!: Relation<Generation>;

  @PrimaryColumn('text')
  kind!: OutputKind;

  /** 0, 1, 2, ... among those of its kind. */
  @PrimaryColumn('smallint', { default: 0 })
  index!: number;

  /** Pixels of an image; null for a volume. */
  @Column('integer', { nullable: true })
  rows!: number | null;

  @Column('integer', { nullable: true })
  columns!: number | null;

  @Column('integer')
  assetId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;
}
