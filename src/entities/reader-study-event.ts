import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ReaderStudy } from './reader-study.js';
import { LogLine } from './log-line.js';

/** One line of a reader study's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class ReaderStudyEvent extends LogLine<'STATE_CHANGED'> {
  @PrimaryColumn('uuid')
  readerStudyId!: string;

  @ManyToOne(() => ReaderStudy, { onDelete: 'CASCADE' })
  @JoinColumn()
  readerStudy!: Relation<ReaderStudy>;

  @PrimaryColumn('integer')
  seq!: number;
}
