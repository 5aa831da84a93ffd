import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { T2Map } from './t2-map.js';
import { LogLine } from './log-line.js';

/** One line of a T2 map's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity('t2_map_event')
export class T2MapEvent extends LogLine<'STATE_CHANGED'> {
  @PrimaryColumn('integer', { name: 't2_map_id', primaryKeyConstraintName: 'PK_t2_map_event' })
  t2MapId!: number;

  @ManyToOne(() => T2Map, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 't2_map_id', foreignKeyConstraintName: 'FK_t2_map_event_map' })
  t2Map!: Relation<T2Map>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_t2_map_event' })
  seq!: number;
}
