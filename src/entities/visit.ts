import { Column, Entity, Index, JoinColumn, ManyToOne, OneToMany, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Dropped, Origins } from './import-source.js';
import type { VisitCode } from '../domain/visits.js';
import { KneeExam } from './knee-exam.js';
import { Participant } from './participant.js';
import { addVariableColumns, withVariables } from './variables.js';

/** One participant at one time point, with what the clinical tables say of that day. Knee scores are per side. */
@Entity()
@Unique(['participantId', 'code'])
@Index('visit_by_bmi', ['bmi'])
@Index('visit_by_age', ['age'])
@Index('visit_by_date', ['date'])
// TypeORM cannot describe the order of these; the migration makes them.
@Index('visit_by_bmi_desc', { synchronize: false })
@Index('visit_by_age_desc', { synchronize: false })
@Index('visit_by_date_desc', { synchronize: false })
export class Visit extends withVariables('visit') {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer')
  participantId!: number;

  @ManyToOne(() => Participant, (participant) => participant.visits, { onDelete: 'CASCADE' })
  @JoinColumn()
  participant!: Relation<Participant>;

  @Column('text')
  code!: VisitCode;

  /** Months after baseline. */
  @Column('smallint')
  month!: number;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  /** Newer files of a released table that lack the row which an older one had. */
  @Column('jsonb', { default: {} })
  dropped!: Dropped;

  @OneToMany(() => KneeExam, (exam) => exam.visit)
  exams!: Relation<KneeExam>[];
}

addVariableColumns('visit', Visit);
