import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { KneeExam } from './knee-exam.js';

/**
 * DICOM UIDs of what a bundle had made of an exam before it was deleted. A PACS may still have it, and the audit says who fetched it; a
 * trigger writes the row.
 */
@Entity('former_result')
@Index('former_result_exam', ['examId'])
@Index('former_result_uids', { synchronize: false })
export class FormerResult {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_former_result',
  })
  id!: number;

  @Column('integer')
  examId!: number;

  @ManyToOne(() => KneeExam, { onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_former_result_exam' })
  exam!: Relation<KneeExam>;

  /** Of studies and series. */
  @Column('text', { array: true })
  uids!: string[];
}
