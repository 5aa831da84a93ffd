import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Batch } from './batch.js';
import { LogLine } from './log-line.js';

export type BatchEventType = 'STATE_CHANGED' | 'GENERATION_FINISHED' | 'COMPLETED';

/** One line of a batch's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class BatchEvent extends LogLine<BatchEventType> {
  @PrimaryColumn('uuid')
  batchId!: string;

  @ManyToOne(() => Batch, { onDelete: 'CASCADE' })
  @JoinColumn()
  batch!: Relation<Batch>;

  @PrimaryColumn('integer')
  seq!: number;
}
