import { Column, Entity, OneToMany, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Dropped, Origins } from './import-source.js';
import { addVariableColumns, withVariables } from './variables.js';
import { Visit } from './visit.js';

/** One subject of the OAI release: a row of its Enrollees table. */
@Entity()
@Unique(['oaiId'])
export class Participant extends withVariables('participant') {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** Seven digits, kept as text; those of a synthetic release start with 1, which by itself says nothing. */
  @Column('text')
  oaiId!: string;

  /** True when the release or a file said that this is a phantom and no real person. Images say of themselves what they are. */
  @Column('boolean', { default: false })
  phantom!: boolean;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  /** Newer files of a released table that lack the row which an older one had. */
  @Column('jsonb', { default: {} })
  dropped!: Dropped;

  @OneToMany(() => Visit, (visit) => visit.participant)
  visits!: Relation<Visit>[];
}

addVariableColumns('participant', Participant);
