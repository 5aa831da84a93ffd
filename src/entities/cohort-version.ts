import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { SetOperation } from '../domain/cohorts.js';
import type { SplitMethod } from '../domain/splits.js';
import { ApiToken } from './api-token.js';
import { Cohort } from './cohort.js';

/** Where the exams of a version came from, with the versions of other cohorts that were read. */
export type CohortOrigin =
  | { kind: 'FILTER'; cohorts: CohortReference[] }
  | { kind: 'EXAMS'; rows?: NamedRows }
  | { kind: 'EDIT'; of: number; added: number; removed: number }
  | { kind: 'COMBINATION'; operation: SetOperation; cohorts: CohortReference[] }
  | { kind: 'SPLIT'; of: CohortReference; part: string; fraction: number; seed: number; method?: SplitMethod };

/** Rows of a table that a version was made of; who they name is not kept. */
export interface NamedRows {
  given: number;
  /** Of these, rows that named no exam and were left out. */
  unknown: number;
}

export interface CohortReference {
  /** Key of the cohort. */
  id: string;
  version: number;
}

/** How many exams and participants were left after each criterion; the first entry is before any. */
export interface AttritionCounts {
  criteria: { text: string; filter: object }[];
  exams: number[];
  participants: number[];
}

/** One version of a cohort, whole and never changed. */
@Entity()
@Unique(['cohortId', 'version'])
export class CohortVersion {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('uuid')
  cohortId!: string;

  @ManyToOne(() => Cohort, { onDelete: 'CASCADE' })
  @JoinColumn()
  cohort!: Relation<Cohort>;

  /** 1, 2, 3, ... of its cohort. */
  @Column('integer')
  version!: number;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  /** What changed and why, in the words of who changed it. */
  @Column('text', { nullable: true })
  note!: string | null;

  /** In the filter language; plain json, because jsonb would forget the order of the criteria. Null when ids were given. */
  @Column('json', { nullable: true })
  filter!: object | null;

  @Column('jsonb')
  origin!: CohortOrigin;

  /** The version whose members are this one's too: its own, or an earlier one's when only words changed. Null: DYNAMIC. */
  @Column('integer', { nullable: true })
  membersOfId!: number | null;

  /** Of the members as they were frozen; null: DYNAMIC. */
  @Column('integer', { nullable: true })
  examCount!: number | null;

  @Column('integer', { nullable: true })
  participantCount!: number | null;

  /** As it was when the members were frozen; null: DYNAMIC, or without a filter. */
  @Column('json', { nullable: true })
  attrition!: AttritionCounts | null;

  @Column('integer', { nullable: true })
  createdById!: number | null;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  createdBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
