import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A release version of a table, in one file as it was imported: what the origins of values refer to. */
@Entity()
@Unique(['file', 'sha256', 'version'])
export class ImportSource {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

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
