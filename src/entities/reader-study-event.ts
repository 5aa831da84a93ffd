import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ReaderStudy } from './reader-study.js';

/** One line of a reader study's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class ReaderStudyEvent {
  @PrimaryColumn('uuid')
  readerStudyId!: string;

  @ManyToOne(() => ReaderStudy, { onDelete: 'CASCADE' })
  @JoinColumn()
  readerStudy!: Relation<ReaderStudy>;

  @PrimaryColumn('integer')
  seq!: number;

  @Column('text')
  type!: 'STATE_CHANGED';

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
