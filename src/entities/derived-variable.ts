import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ApiToken } from './api-token.js';

/** A variable that somebody has defined by filters. What it is lies in its versions; this row is what stays the same. */
@Entity()
@Index(['ownerId'])
@Index('derived_variable_name', { synchronize: false })
export class DerivedVariable {
  @PrimaryColumn('uuid')
  id!: string;

  /** Null for the command line on the machine itself: such a variable is changed by administrators. */
  @Column('integer', { nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => ApiToken)
  @JoinColumn()
  owner!: Relation<ApiToken> | null;

  /** One for all users, letter case aside: a unique index is on its capitals. It never changes, because filters and files name it. */
  @Column('text')
  name!: string;

  /** Number of the newest version. */
  @Column('integer')
  version!: number;

  /** Of the newest version. */
  @Column('text')
  label!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
