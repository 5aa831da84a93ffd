import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';
import { Generation } from './generation.js';
import { KneeExam } from './knee-exam.js';

/** A word by which somebody marked an exam or a generation; each has it once, whoever else means it too. */
@Entity()
@Unique('tag_of_exam', ['examId', 'name'])
@Unique('tag_of_generation', ['generationId', 'name'])
@Index('tag_name', ['name'])
@Check('tag_subject', 'num_nonnulls(exam_id, generation_id) = 1')
export class Tag {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_tag',
  })
  id!: number;

  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_tag_exam' })
  exam!: Relation<KneeExam> | null;

  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_tag_generation' })
  generation!: Relation<Generation> | null;

  /** In lower case. */
  @Column('text')
  name!: string;

  /** Who put it first. */
  @Column('integer')
  createdById!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn({ foreignKeyConstraintName: 'FK_tag_created_by' })
  createdBy!: Relation<ApiToken>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
