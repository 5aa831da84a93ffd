import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { ReaderStudyState, ReaderUnit } from '../domain/reader-studies.js';
import { ApiToken } from './api-token.js';
import { Evaluation } from './evaluation.js';

/** A reader study: pairs of a generated and an imported image of one knee, of which readers name the imported one. */
@Entity()
@Index(['state', 'createdAt'])
@Index(['evaluationId'])
export class ReaderStudy {
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

  /** How often a server has begun to draw its pictures. */
  @Column('smallint', { default: 0 })
  attempt!: number;

  /** One sentence that says why it failed. */
  @Column('text', { nullable: true })
  error!: string | null;

  @Column('integer', { nullable: true })
  createdById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  createdBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  heartbeatAt!: Date | null;
}
