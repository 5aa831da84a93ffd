import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Generation } from './generation.js';
import { LogLine } from './log-line.js';

export type GenerationEventType =
  'STATE_CHANGED' | 'STEP_PROGRESS' | 'SLICE_COMPLETED' | 'TILE_COMPLETED' | 'COMPLETED';

/** One line of a generation's log; `seq` runs 1, 2, 3, ... without a gap. */
@Entity()
export class GenerationEvent extends LogLine<GenerationEventType> {
  @PrimaryColumn('uuid')
  generationId!: string;

  @ManyToOne(() => Generation, { onDelete: 'CASCADE' })
  @JoinColumn()
  generation!: Relation<Generation>;

  @PrimaryColumn('integer')
  seq!: number;
}
