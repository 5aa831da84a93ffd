import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { WorkerSlot, WorkerState } from '../domain/workers.js';

/** A worker process, as it last described itself. */
@Entity()
export class Worker {
  @PrimaryColumn('uuid')
  id!: string;

  /** As generations name it in their column `worker`: "host:4711-3f9a"; unlike host and process id alone, never used again. */
  @Column('text')
  name!: string;

  @Column('text')
  host!: string;

  @Column('integer')
  pid!: number;

  /** Version of osteograph. */
  @Column('text')
  version!: string;

  /** What it said last; whether that still holds, scheduling/workers tells. */
  @Column('text')
  state!: WorkerState;

  @Column('jsonb')
  slots!: WorkerSlot[];

  @Column('timestamptz')
  startedAt!: Date;

  @Column('timestamptz')
  seenAt!: Date;
}
