import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { READER_STUDY_STATES, type ReaderStudyState, type ReaderUnit } from '../domain/reader-studies.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import { Evaluation } from './evaluation.js';
import { Work } from './work.js';

/** A reader study: pairs of a generated and an imported image of one knee, of which readers name the imported one. */
@Entity()
@Index(['state', 'createdAt'])
@Index(['evaluationId'])
@Check('reader_study_state', stateCheck(READER_STUDY_STATES))
export class ReaderStudy extends Work {
  /** Random, so that nobody guesses it. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  state!: ReaderStudyState;

  @Column('text')
  unit!: ReaderUnit;

  /** The evaluation whose volumes are shown. */
  @Column('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation)
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  /** Decides knees, slices, the order of each session and the sides. */
  @Column('integer')
  seed!: number;

  /** Pairs that were asked for. */
  @Column('smallint')
  pairCount!: number;

  @Column('integer', { nullable: true })
  createdById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  createdBy!: Relation<ApiToken> | null;
}
