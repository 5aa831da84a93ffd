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

  /** Rows of the table that were passed over because their participant has withdrawn consent. */
  @Column('integer', { default: 0 })
  withdrawn!: number;

  /**
   * The database's count of changes (`imported_state`) when the import that met the table ended: while the count is the same, the database
   * holds what reading the table again would give. Null for images, and for what older code read.
   */
  @Column('bigint', {
    nullable: true,
    transformer: { from: (text: string | null) => text && Number(text), to: (value: number | null) => value },
  })
  state!: number | null;

  /**
   * Rows of the database that it became, where nothing in it names them: those of films and series added by hand. Of an image folder of a
   * release, which its barcode names, the blob that the image had then. Of a table, its rows that are not of interest, by why.
   */
  @Column('jsonb', { default: {} })
  became!: { radiographId?: number; seriesIds?: number[]; assetId?: number; passedOver?: Record<string, number> };

  @Column('timestamptz', { default: () => 'now()' })
  importedAt!: Date;
}
