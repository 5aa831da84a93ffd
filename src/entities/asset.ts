import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A stored blob, addressed by its content. The blob is written before the row that names it. */
@Entity()
@Unique(['sha256'])
export class Asset {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** Lower-case hex digest of the bytes. */
  @Column('text')
  sha256!: string;

  @Column('text')
  mediaType!: string;

  @Column('bigint', { transformer: { from: Number, to: (value: number) => value } })
  bytes!: number;

  /** Where the blob store keeps it. */
  @Column('text')
  storageKey!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** When its bytes were last put, to the hour: a sweep leaves what was put of late. */
  @Column('timestamptz', { default: () => 'now()' })
  storedAt!: Date;
}
