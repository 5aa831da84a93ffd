import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Joint, ReplacementConfirmation, ReplacementType } from '../domain/outcomes.js';
import type { Side } from '../domain/participants.js';
import type { VisitCode } from '../domain/visits.js';
import type { Origins } from './import-source.js';
import { Participant } from './participant.js';

/** What became of one knee or hip of a participant: what OAI's Outcomes99 says of its replacement. */
@Entity()
@Unique('joint_outcome_of_joint', ['participantId', 'joint', 'side'])
export class JointOutcome {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer')
  participantId!: number;

  @ManyToOne(() => Participant, { onDelete: 'CASCADE' })
  @JoinColumn()
  participant!: Relation<Participant>;

  @Column('text')
  joint!: Joint;

  @Column('text')
  side!: Side;

  /** Whether it was replaced before the baseline visit. */
  @Column('boolean', { nullable: true })
  replacedBefore!: boolean | null;

  /** Day of a replacement during the study. */
  @Column('date', { nullable: true })
  date!: string | null;

  /** Whether the day is from documents; otherwise it is what the participant told. */
  @Column('boolean', { nullable: true })
  dateDocumented!: boolean | null;

  /** Days from the baseline visit to the replacement. */
  @Column('smallint', { nullable: true })
  days!: number | null;

  @Column('text', { nullable: true })
  confirmation!: ReplacementConfirmation | null;

  /** Of knees only. */
  @Column('text', { nullable: true })
  type!: ReplacementType | null;

  /** Last contact before the replacement, and first after it. */
  @Column('text', { nullable: true })
  visitBefore!: VisitCode | null;

  @Column('text', { nullable: true })
  visitAfter!: VisitCode | null;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;
}
