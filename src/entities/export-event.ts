import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Export } from './export.js';

/** One line of an export's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class ExportEvent {
  @PrimaryColumn('integer')
  exportId!: number;

  @ManyToOne(() => Export, { onDelete: 'CASCADE' })
  @JoinColumn()
  export!: Relation<Export>;

  @PrimaryColumn('integer')
  seq!: number;

  @Column('text')
  type!: 'STATE_CHANGED';

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
