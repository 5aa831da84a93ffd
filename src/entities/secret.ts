import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something the processes of one installation share and nobody else may know. */
@Entity()
export class Secret {
  /** What it is for, e.g. "asset-urls". */
  @PrimaryColumn('text')
  name!: string;

  /** Random bytes, hexadecimal. */
  @Column('text')
  value!: string;
}
