import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Dropped, Origins } from './import-source.js';
import type { FeatureCode } from '../domain/features.js';
import type { ReadingProject } from '../domain/readings.js';
import { ReadingGrades } from './grades.js';
import { KneeExam } from './knee-exam.js';

/** One reading project's grades of one exam, as published. */
@Entity()
@Unique(['examId', 'project'])
export class Reading {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer')
  examId!: number;

  @ManyToOne(() => KneeExam, (exam) => exam.readings, { onDelete: 'CASCADE' })
  @JoinColumn()
  exam!: Relation<KneeExam>;

  @Column('text')
  project!: ReadingProject;

  /** Version of the released table, e.g. "0.8". */
  @Column('text', { nullable: true })
  version!: string | null;

  @Column(() => ReadingGrades, { prefix: false })
  grades!: ReadingGrades;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  /** Newer files of a released table that lack the row which an older one had. */
  @Column('jsonb', { default: {} })
  dropped!: Dropped;

  /** OAI's missing code of each grade that has one, e.g. `{ "XRKL": ".P" }` for a prosthesis. */
  @Column('jsonb', { default: {} })
  missing!: Partial<Record<FeatureCode, string>>;
}
