import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Raw, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ImportRun } from './import-run.js';

/** A release version of a table, in one file as one import met it: what the origins of values refer to. */
@Entity()
@Unique('import_source_of_import', ['importId', 'file', 'sha256', 'version'])
export class ImportSource {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  /** The import; null for what was imported before they were kept. */
  @Column('integer', { nullable: true })
  importId!: number | null;

  @ManyToOne(() => ImportRun, { nullable: true })
  @JoinColumn({ name: 'import_id', foreignKeyConstraintName: 'FK_import_source_import' })
  import!: Relation<ImportRun> | null;

  /** Path below the release. */
  @Column('text')
  file!: string;

  /** Digest of its bytes. */
  @Column('text')
  sha256!: string;

  /** The table, whatever form it comes in: the file's name without folder and extension, in lower case. */
  @Column('text')
  name!: string;

  /** What its VERSION column says; empty where it has none. */
  @Column('text')
  version!: string;
}

/** Where a value comes from: source, line of the file and, where it is missing and nothing else keeps it, OAI's code. */
export type Origin = readonly [source: number, line: number, missing?: string];

/** Where the values of one row come from, by field; `*` stands for all fields that are not named. */
export type Origins = Readonly<Record<string, Origin>>;

/** The newer files of a released table that lack the row, by the table's name: sources as origins have them. */
export type Dropped = Readonly<Record<string, number>>;

/** Whether a newer release of its table has a row no more; false where a query did not ask for it. */
export function isDropped({ dropped = {} }: { dropped?: Dropped }): boolean {
  return Object.keys(dropped).length > 0;
}

/** The same as SQL. @param row alias of a row of a released table */
export function droppedSql(row: string): string {
  return `(${row}.dropped <> '{}')`;
}

/** SQL of the reverse: such rows are read, graded by and exported. */
export function standingSql(row: string): string {
  return `${row}.dropped = '{}'`;
}

/** The same as a condition on the column `dropped` of an entity. */
export const STANDING = Raw((column) => `${column} = '{}'`);
