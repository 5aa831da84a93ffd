import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A table or image folder that was imported, as it was then: when it is met again unchanged, it need not be read again. */
@Entity()
export class ImportedFile {
  /** Digest of the absolute real path, which itself may name a patient. */
  @PrimaryColumn('text')
  path!: string;

  /** Size of the table, or of all files of the folder. */
  @Column('bigint', { transformer: { from: Number, to: (value: number) => value } })
  bytes!: number;

  /** Of the table, or of the folder's newest file. */
  @Column('timestamptz')
  modifiedAt!: Date;

  /** Digest of the table's bytes, or of the folder's listing: names, sizes and times. */
  @Column('text')
  sha256!: string;

  /** Version of the code that read it: newer code, which may see more in it, reads it again. */
  @Column('smallint')
  reader!: number;

  /** Rows of the table that were read, or images. */
  @Column('integer')
  rows!: number;

  /** Rows of the table that were refused. */
  @Column('integer')
  refused!: number;

  /** Rows of the database that it became, where nothing in it names them: those of films and series added by hand. */
  @Column('jsonb', { default: {} })
  became!: { radiographId?: number; seriesIds?: number[] };

  @Column('timestamptz', { default: () => 'now()' })
  importedAt!: Date;
}
