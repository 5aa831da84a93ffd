import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Asset } from './asset.js';
import { Generation } from './generation.js';
import { ReaderStudy } from './reader-study.js';

/** One pair of a reader study. Nothing of it but its two pictures is shown before a reader has finished. */
@Entity()
export class ReaderStudyPair {
  @PrimaryColumn('uuid')
  studyId!: string;

  @ManyToOne(() => ReaderStudy, { onDelete: 'CASCADE' })
  @JoinColumn()
  study!: Relation<ReaderStudy>;

  /** From 0. */
  @PrimaryColumn('smallint')
  place!: number;

  @Column('smallint')
  arm!: number;

  @Column('integer')
  examId!: number;

  @Column('uuid')
  generationId!: string;

  @ManyToOne(() => Generation)
  @JoinColumn()
  generation!: Relation<Generation>;

  @Column('integer')
  seriesId!: number;

  /** Slice of the stack; null for pairs of volumes. */
  @Column('smallint', { nullable: true })
  slice!: number | null;

  @Column('smallint', { nullable: true })
  kl!: number | null;

  @Column('text')
  side!: 'RIGHT' | 'LEFT';

  /** Blinded pictures; null until they are drawn. */
  @Column('integer', { nullable: true })
  realAssetId!: number | null;

  @ManyToOne(() => Asset, { nullable: true })
  @JoinColumn()
  realAsset!: Relation<Asset> | null;

  @Column('integer', { nullable: true })
  generatedAssetId!: number | null;

  @ManyToOne(() => Asset, { nullable: true })
  @JoinColumn()
  generatedAsset!: Relation<Asset> | null;
}
