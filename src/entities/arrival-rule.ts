import { Check, Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ARRIVAL_TASKS, type ArrivalModality, type ArrivalTask } from '../domain/arrival-rules.js';
import { ApiToken } from './api-token.js';
import { Cohort } from './cohort.js';
import { DicomPeer } from './dicom-peer.js';

/** What is made of each film that arrives over the network. Films that are imported from a folder are no arrivals. */
@Entity()
@Check('arrival_rule_task', `task IN (${ARRIVAL_TASKS.map((task) => `'${task}'`).join(', ')})`)
@Index('arrival_rule_cohort', ['cohortId'])
@Index('arrival_rule_send_to', ['sendToId'])
export class ArrivalRule {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_arrival_rule',
  })
  id!: number;

  /** Only films of this modality; null for all. */
  @Column('text', { nullable: true })
  modality!: ArrivalModality | null;

  /** Only knees of this cohort, as it is when a film arrives; null for all. The rule goes with its cohort. */
  @Column('uuid', { nullable: true })
  cohortId!: string | null;

  @ManyToOne(() => Cohort, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_arrival_rule_cohort' })
  cohort!: Relation<Cohort> | null;

  @Column('text')
  task!: ArrivalTask;

  /** `name` or `name@version`; null for the newest that is ready when a film arrives. */
  @Column('text', { nullable: true })
  bundle!: string | null;

  /** Where what is made is sent; null for nowhere. */
  @Column('integer', { nullable: true })
  sendToId!: number | null;

  @ManyToOne(() => DicomPeer, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_arrival_rule_send_to' })
  sendTo!: Relation<DicomPeer> | null;

  /** Whose work it becomes; null for the command line. */
  @Column('integer', { nullable: true })
  createdById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_arrival_rule_created_by' })
  createdBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
