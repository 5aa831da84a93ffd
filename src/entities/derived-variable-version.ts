import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { DerivedDefinition } from '../domain/variables/index.js';
import { ApiToken } from './api-token.js';
import { DerivedVariable } from './derived-variable.js';

/** One version of a derived variable, whole and never changed. */
@Entity()
@Unique(['variableId', 'version'])
export class DerivedVariableVersion {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('uuid')
  variableId!: string;

  @ManyToOne(() => DerivedVariable, { onDelete: 'CASCADE' })
  @JoinColumn()
  variable!: Relation<DerivedVariable>;

  /** 1, 2, 3, ... of its variable. */
  @Column('integer')
  version!: number;

  @Column('text')
  label!: string;

  @Column('text')
  description!: string;

  /** What changed and why, in the words of who changed it. */
  @Column('text', { nullable: true })
  note!: string | null;

  /** In the filter language, names of other derived variables with their versions; plain json, which keeps the order. */
  @Column('json')
  definition!: DerivedDefinition;

  @Column('integer', { nullable: true })
  createdById!: number | null;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  createdBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
