import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Evaluation } from './evaluation.js';
import { LogLine } from './log-line.js';

/** One line of an evaluation's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class EvaluationEvent extends LogLine<'STATE_CHANGED' | 'VOLUME_SCORED'> {
  @PrimaryColumn('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation, { onDelete: 'CASCADE' })
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  @PrimaryColumn('integer')
  seq!: number;
}
