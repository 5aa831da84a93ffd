import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A participant who was erased: the certificate, which names nobody, and a tombstone by which imports know the participant. */
@Entity()
@Unique(['tombstone'])
export class Erasure {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;

  /** Null for the command line on the machine itself. */
  @Column('integer', { nullable: true })
  tokenId!: number | null;

  /** Keyed digest of the participant's id; the key is a secret of this database. */
  @Column('text')
  tombstone!: string;

  /** Rows that were removed, by table. */
  @Column('jsonb')
  removed!: Record<string, number>;

  /** Rows of others that named the participant and do not any more, by table. */
  @Column('jsonb')
  rewritten!: Record<string, number>;

  /** Finished exports whose file was taken back. */
  @Column('integer')
  expiredExports!: number;

  /** Exports that were being written, and are written anew. */
  @Column('integer')
  restartedExports!: number;

  /** Size of the removed files together. */
  @Column('bigint', { transformer: { from: Number, to: (value: number) => value } })
  bytes!: number;

  /** Keyed digests of the removed files' SHA-256, in order. */
  @Column('text', { array: true })
  files!: string[];
}
