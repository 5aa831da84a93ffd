import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Batch } from './batch.js';

export type BatchEventType = 'STATE_CHANGED' | 'GENERATION_FINISHED' | 'COMPLETED';

/** One line of a batch's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class BatchEvent {
  @PrimaryColumn('uuid')
  batchId!: string;

  @ManyToOne(() => Batch, { onDelete: 'CASCADE' })
  @JoinColumn()
  batch!: Relation<Batch>;

  @PrimaryColumn('integer')
  seq!: number;

  @Column('text')
  type!: BatchEventType;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
