import { Column, Entity, OneToMany, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Origins } from './import-source.js';
import type { Race, Sex, StudyCohort } from '../domain/participants.js';
import { Visit } from './visit.js';

/** One subject of the OAI release: a row of its Enrollees table. */
@Entity()
@Unique(['oaiId'])
export class Participant {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** Seven digits, kept as text; those of a synthetic release start with 1, which by itself says nothing. */
  @Column('text')
  oaiId!: string;

  @Column('text', { nullable: true })
  sex!: Sex | null;

  @Column('text', { nullable: true })
  race!: Race | null;

  @Column('boolean', { nullable: true })
  hispanic!: boolean | null;

  @Column('text', { nullable: true })
  cohort!: StudyCohort | null;

  /** Clinical site, a letter A-E. */
  @Column('text', { nullable: true })
  site!: string | null;

  /** 1 or 2: the half of the cohort, which decides the image release letter (C or E). */
  @Column('smallint', { nullable: true })
  cohortHalf!: number | null;

  /** True when the release or a file said that this is a phantom and no real person. Images say of themselves what they are. */
  @Column('boolean', { default: false })
  phantom!: boolean;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  @OneToMany(() => Visit, (visit) => visit.participant)
  visits!: Relation<Visit>[];
}
