import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';
import { ReaderStudy } from './reader-study.js';

/** One reader's way through a study: each token reads a study once. */
@Entity()
@Unique(['studyId', 'readerId'])
export class ReaderSession {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  studyId!: string;

  @ManyToOne(() => ReaderStudy, { onDelete: 'CASCADE' })
  @JoinColumn()
  study!: Relation<ReaderStudy>;

  @Column('integer')
  readerId!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  reader!: Relation<ApiToken>;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** When the last pair was answered. */
  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
