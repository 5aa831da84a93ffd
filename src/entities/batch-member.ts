import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Batch } from './batch.js';
import { Generation } from './generation.js';

/**
 * An exam frozen into a batch, with the generation that is its volume: the batch's own, or one that was there before.
 *
 * No foreign keys, as in a cohort's members: checking ten thousand row by row takes longer than writing them.
 */
@Entity()
@Index(['generationId'])
export class BatchMember {
  @PrimaryColumn('uuid')
  batchId!: string;

  @ManyToOne(() => Batch, { createForeignKeyConstraints: false })
  @JoinColumn()
  batch!: Relation<Batch>;

  /** 1, 2, 3, ... in the order in which they are made. */
  @PrimaryColumn('integer')
  position!: number;

  @Column('integer')
  examId!: number;

  /** Null where none could be made. */
  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, createForeignKeyConstraints: false })
  @JoinColumn()
  generation!: Relation<Generation> | null;

  /** The volume was there already. */
  @Column('boolean', { default: false })
  reused!: boolean;

  /** One sentence that says why no generation could be made. */
  @Column('text', { nullable: true })
  reason!: string | null;
}
