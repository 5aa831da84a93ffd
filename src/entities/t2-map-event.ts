import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { T2Map } from './t2-map.js';

/** One line of a T2 map's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity('t2_map_event')
export class T2MapEvent {
  @PrimaryColumn('integer', { name: 't2_map_id', primaryKeyConstraintName: 'PK_t2_map_event' })
  t2MapId!: number;

  @ManyToOne(() => T2Map, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 't2_map_id', foreignKeyConstraintName: 'FK_t2_map_event_map' })
  t2Map!: Relation<T2Map>;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'PK_t2_map_event' })
  seq!: number;

  @Column('text')
  type!: 'STATE_CHANGED';

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
