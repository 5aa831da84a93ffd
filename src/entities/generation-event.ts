import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Generation } from './generation.js';

export type GenerationEventType =
  'STATE_CHANGED' | 'STEP_PROGRESS' | 'SLICE_COMPLETED' | 'TILE_COMPLETED' | 'COMPLETED';

/** One line of a generation's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class GenerationEvent {
  @PrimaryColumn('uuid')
  generationId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  generation!: Relation<Generation>;

  @PrimaryColumn('integer')
  seq!: number;

  @Column('text')
  type!: GenerationEventType;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
