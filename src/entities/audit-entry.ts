import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Who did what: one row per mutation, download and import. */
@Entity()
@Index(['at'])
export class AuditEntry {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;

  /** Null for the command line on the machine itself. */
  @Column('integer', { nullable: true })
  tokenId!: number | null;

  /** E.g. "generateMri", "asset.download". */
  @Column('text')
  action!: string;

  /** What it was done to, e.g. a generation's id. */
  @Column('text', { nullable: true })
  target!: string | null;

  @Column('jsonb', { default: {} })
  detail!: Record<string, unknown>;
}
