import { Column, Entity, Index, JoinColumn, ManyToOne, OneToMany, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Origins } from './import-source.js';
import type { Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import { PreferredGrades } from './grades.js';
import { Participant } from './participant.js';
import { Reading } from './reading.js';
import { addVariableColumns, withVariables } from './variables.js';
import { Visit } from './visit.js';

/** One knee of one participant at one visit: the unit of cohorts. */
@Entity()
@Unique(['visitId', 'side'])
@Unique('knee_exam_at_visit', ['visitCode', 'participantId', 'side'])
@Index(['participantId'])
@Index(['grades.XRKL'])
export class KneeExam extends withVariables('knee_exam') {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer')
  visitId!: number;

  @ManyToOne(() => Visit, (visit) => visit.exams, { onDelete: 'CASCADE' })
  @JoinColumn()
  visit!: Relation<Visit>;

  /** The visit's code, repeated here by a trigger so that one index finds a knee at a visit. */
  @Column({ type: 'text', insert: false, update: false })
  visitCode!: VisitCode;

  /** The visit's participant, repeated here so that cohort filters need not go through the visit. */
  @Column('integer')
  participantId!: number;

  @ManyToOne(() => Participant, { onDelete: 'CASCADE' })
  @JoinColumn()
  participant!: Relation<Participant>;

  @Column('text')
  side!: Side;

  /** Project of the reading that the grades of the preferred reading come from; null without any reading. */
  @Column('text', { nullable: true })
  preferredProject!: string | null;

  @Column(() => PreferredGrades, { prefix: false })
  grades!: PreferredGrades;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  @OneToMany(() => Reading, (reading) => reading.exam)
  readings!: Relation<Reading>[];
}

addVariableColumns('knee_exam', KneeExam);
