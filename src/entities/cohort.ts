import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { CohortKind, CohortVisibility } from '../domain/cohorts.js';
import { ApiToken } from './api-token.js';

/** A named set of knee exams. What it holds is in its versions; this row is what stays the same, and the newest version's name. */
@Entity()
@Index(['ownerId'])
export class Cohort {
  /** Random, so that nobody guesses it: whoever has it can open a cohort that is shared by link. */
  @PrimaryColumn('uuid')
  id!: string;

  /** Null for the command line on the machine itself: such a cohort is changed by administrators. */
  @Column('integer', { nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  owner!: Relation<ApiToken> | null;

  @Column('text')
  kind!: CohortKind;

  @Column('text')
  visibility!: CohortVisibility;

  /** Number of the newest version; a change names the version it was made from and is refused when this has moved on. */
  @Column('integer')
  version!: number;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
