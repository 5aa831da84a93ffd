import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';
import { Generation } from './generation.js';
import { KneeExam } from './knee-exam.js';

/** What somebody has to say of an exam or a generation: one note of each person. */
@Entity()
@Unique('note_of_exam', ['examId', 'createdById'])
@Unique('note_of_generation', ['generationId', 'createdById'])
@Check('note_subject', 'num_nonnulls(exam_id, generation_id) = 1')
export class Note {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_note',
  })
  id!: number;

  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_note_exam' })
  exam!: Relation<KneeExam> | null;

  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_note_generation' })
  generation!: Relation<Generation> | null;

  @Column('text')
  text!: string;

  @Column('integer')
  createdById!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn({ foreignKeyConstraintName: 'FK_note_created_by' })
  createdBy!: Relation<ApiToken>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
