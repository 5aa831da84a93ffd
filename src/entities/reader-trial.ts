import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { ReaderChoice } from '../domain/reader-studies.js';
import { ReaderSession } from './reader-session.js';

/** A pair as one reader sees it, and the answer once there is one. */
@Entity()
export class ReaderTrial {
  @PrimaryColumn('uuid')
  sessionId!: string;

  @ManyToOne(() => ReaderSession, { onDelete: 'CASCADE' })
  @JoinColumn()
  session!: Relation<ReaderSession>;

  /** From 0, in the order of the session. */
  @PrimaryColumn('smallint')
  index!: number;

  /** Place of the pair in the study. */
  @Column('smallint')
  pair!: number;

  /** Where the imported image is shown. */
  @Column('text')
  realSide!: ReaderChoice;

  /** Which one the reader takes for the imported image. */
  @Column('text', { nullable: true })
  choice!: ReaderChoice | null;

  @Column('timestamptz', { nullable: true })
  answeredAt!: Date | null;
}
