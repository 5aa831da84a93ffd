import { Check, Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { BATCH_STATES, type BatchState, type SeedRule } from '../domain/batches.js';
import type { Grades } from '../domain/features.js';
import type { NoiseMode } from '../domain/generations.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import { Bundle } from './bundle.js';
import type { ExportedCohort } from './export.js';

/**
 * A generation for every exam of a cohort, as it was when the batch was made. `state`, the counters and `lastSeq` change only in
 * services/batches/transitions.
 */
@Entity()
@Unique(['requestedById', 'clientKey'])
@Index(['state', 'createdAt'])
@Check('batch_state', stateCheck(BATCH_STATES))
export class Batch {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  state!: BatchState;

  /** One sentence that says why it is in this state, where there is something to say. */
  @Column('text', { nullable: true })
  message!: string | null;

  /** Its running generations were asked to stop; it is CANCELED when the last one has. */
  @Column('boolean', { default: false })
  cancelRequested!: boolean;

  /** -10 to 10; a higher one goes first. */
  @Column('smallint')
  priority!: number;

  /** Filter of knee exams as it was asked for. Plain json, because jsonb would forget the order. */
  @Column('json')
  filter!: object;

  /** Cohorts that the filter speaks of, in the versions that were read. */
  @Column('jsonb', { default: [] })
  cohorts!: ExportedCohort[];

  @Column('integer')
  bundleId!: number;

  @ManyToOne(() => Bundle)
  @JoinColumn()
  bundle!: Relation<Bundle>;

  /** What is made, as the registry of tasks names it. */
  @Column('text', { default: 'xray-to-mri' })
  task!: string;

  /** What the task is told; of volumes the columns below say so. */
  @Column('jsonb', { default: {} })
  parameters!: object;

  /** Of volumes; null for what has no slices. The same holds for sampler and noise. */
  @Column('smallint', { nullable: true })
  sliceCount!: number | null;

  @Column('smallint')
  steps!: number;

  @Column('text', { nullable: true })
  sampler!: 'DDIM' | 'DPMPP_2M' | null;

  @Column('real')
  eta!: number;

  @Column('text', { nullable: true })
  noise!: NoiseMode | null;

  /** FIXED: `seed` for every exam. PER_EXAM: each has its own, derived from `seed` and which knee at which visit it is. */
  @Column('text')
  seedRule!: SeedRule;

  /** Null where nothing is drawn. */
  @Column('integer', { nullable: true })
  seed!: number | null;

  /** What the request overrode; a null grade means "treat as missing". */
  @Column('jsonb', { default: {} })
  featureOverrides!: Grades;

  @Column('boolean')
  skipExisting!: boolean;

  @Column('integer', { default: 0 })
  waiting!: number;

  @Column('integer', { default: 0 })
  running!: number;

  @Column('integer', { default: 0 })
  succeeded!: number;

  @Column('integer', { default: 0 })
  reused!: number;

  @Column('integer', { default: 0 })
  failed!: number;

  @Column('integer', { default: 0 })
  canceled!: number;

  @Column('integer', { default: 0 })
  impossible!: number;

  /** Sequence number of the newest event. */
  @Column('integer', { default: 0 })
  lastSeq!: number;

  /** The caller's own key: asking twice with one key gives one batch. */
  @Column('text', { nullable: true })
  clientKey!: string | null;

  /** With a key: the request as it was asked, which a repeated one must equal, see services/access. */
  @Column('jsonb', { nullable: true })
  request!: object | null;

  @Column('integer', { nullable: true })
  requestedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  requestedBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  /** When it last began to run, after its start, a pause or a retry: throughput counts from here. */
  @Column('timestamptz', { nullable: true })
  runningSince!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
