import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Who did what: one row per mutation, download and import. Rows are linked to a chain soon after they have come. */
@Entity()
@Index(['at'])
@Index('audit_entry_seq', ['seq'], { unique: true })
@Index('audit_entry_unsealed', ['id'], { where: 'seq IS NULL' })
@Index('audit_entry_unsalted', ['seq'], { where: 'salt IS NULL AND seq IS NOT NULL' })
@Check('audit_entry_sealed', 'num_nulls(seq, sealed_at, content_digest, digest) IN (0, 4)')
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

  /** Keeps `contentDigest` from being guessed; null until the row is sealed, and where an erasure has changed it since. */
  @Column('uuid', { nullable: true })
  salt!: string | null;

  /** Place in the chain, from 1; null until the row is sealed. */
  @Column('integer', { nullable: true })
  seq!: number | null;

  @Column('timestamptz', { nullable: true })
  sealedAt!: Date | null;

  /** SHA-256 of the salt and what the row says, 64 hexadecimal digits. */
  @Column('text', { nullable: true })
  contentDigest!: string | null;

  /** SHA-256 of the row before, place, time and `contentDigest`. */
  @Column('text', { nullable: true })
  digest!: string | null;
}
