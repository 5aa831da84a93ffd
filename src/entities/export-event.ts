import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Export } from './export.js';
import { LogLine } from './log-line.js';

/** One line of an export's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class ExportEvent extends LogLine<'STATE_CHANGED'> {
  @PrimaryColumn('integer')
  exportId!: number;

  @ManyToOne(() => Export, { onDelete: 'CASCADE' })
  @JoinColumn()
  export!: Relation<Export>;

  @PrimaryColumn('integer')
  seq!: number;
}
