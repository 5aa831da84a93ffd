import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A registered version of a model. The manifest is kept whole, so that a generation's provenance outlives the files. */
@Entity()
@Unique(['name', 'version'])
export class Bundle {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  name!: string;

  @Column('text')
  version!: string;

  @Column('text')
  task!: string;

  @Column('jsonb')
  manifest!: Record<string, unknown>;

  /** Hash over the manifest and the hashes of its graphs. */
  @Column('text')
  sha256!: string;

  /** Of its graphs and their data files; null for one that was refused ever since. */
  @Column('bigint', { nullable: true, transformer: { from: (value) => value && Number(value), to: (value) => value } })
  bytes!: number | null;

  /** READY when the files are at `directory`; REFUSED with the reason when they are not what the manifest says; RETIRED by an administrator. */
  @Column('text')
  state!: 'READY' | 'REFUSED' | 'RETIRED';

  @Column('text', { nullable: true })
  refusal!: string | null;

  @Column('text')
  directory!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
