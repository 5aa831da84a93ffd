import { Column, Entity, JoinColumn, OneToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';

/** An import, or the undoing of one. What it changed lies in `import_change` and `import_block`, for as long as it can be undone. */
@Entity()
@Unique('import_undone_once', ['undoesId'])
export class ImportRun {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS', primaryKeyConstraintName: 'PK_import_run' })
  id!: number;

  @Column('timestamptz', { default: () => 'now()' })
  startedAt!: Date;

  /** Null while it runs, and for ever where it was stopped. */
  @Column('timestamptz', { nullable: true })
  endedAt!: Date | null;

  /** Who imported, as the machine knows them. */
  @Column('text', { nullable: true })
  by!: string | null;

  /** Name of the release, where it says it. */
  @Column('text', { nullable: true })
  release!: string | null;

  /** False for imports from before it was kept what they change. */
  @Column('boolean', { default: true })
  reversible!: boolean;

  /** The import that this one took back. */
  @Column('integer', { nullable: true })
  undoesId!: number | null;

  @OneToOne(() => ImportRun, { nullable: true })
  @JoinColumn({ foreignKeyConstraintName: 'FK_import_run_undoes' })
  undoes!: Relation<ImportRun> | null;

  /** What came of it, in numbers. */
  @Column('jsonb', { default: {} })
  detail!: Record<string, unknown>;
}
