import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { SINGLE_PRIORITY } from '../domain/batches.js';
import type { Grades } from '../domain/features.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { GenerationOrigin } from '../domain/origins.js';
import type { Side } from '../domain/participants.js';
import { GENERATION_STATES, type GenerationState, type NoiseMode } from '../domain/generations.js';
import { stateCheck } from '../domain/work.js';
import { ApiToken } from './api-token.js';
import { Batch } from './batch.js';
import { Bundle } from './bundle.js';
import { KneeExam } from './knee-exam.js';
import { MriSeries } from './mri-series.js';
import { Radiograph } from './radiograph.js';
import { UploadedRadiograph } from './uploaded-radiograph.js';
import { Work } from './work.js';

/**
 * One run of a bundle for the radiograph of an exam, for an MRI series of it, or for an uploaded radiograph. What a task is told stands in `parameters`; volumes, which are
 * older than tasks, have columns of their own.
 */
@Entity()
@Unique(['requestedById', 'clientKey'])
@Index(['state', 'createdAt'])
@Index(['examId'])
@Index(['key'])
@Index(['batchId', 'finishedAt'])
@Index('generation_waiting_in_batch', ['batchId', 'batchPosition'], { where: `(state = 'QUEUED'::text)` })
@Index('generation_waiting_alone', { synchronize: false })
@Index('generation_by_start', { synchronize: false })
@Index('generation_by_age', { synchronize: false })
@Index('generation_of_upload', ['uploadId'], { where: '(upload_id IS NOT NULL)' })
@Index('generation_of_radiograph', ['radiographId'], { where: '(radiograph_id IS NOT NULL)' })
@Index('generation_of_series', ['sourceSeriesId'], { where: '(source_series_id IS NOT NULL)' })
@Check('generation_state', stateCheck(GENERATION_STATES))
@Check(
  'generation_made_from',
  '(upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL AND source_series_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NULL OR source_series_id IS NULL) AND (upload_id IS NOT NULL OR side IS NULL)',
)
@Check(
  'generation_of_volume',
  `task <> 'xray-to-mri' OR (slice_count IS NOT NULL AND sampler IS NOT NULL AND seed IS NOT NULL AND noise IS NOT NULL AND (upload_id IS NULL OR side IS NOT NULL))`,
)
export class Generation extends Work {
  @PrimaryColumn('uuid')
  id!: string;

  /** Exam and radiograph, exam and series, or else an upload and the knee on it: one of them says what it is made from. */
  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  exam!: Relation<KneeExam> | null;

  @Column('integer', { nullable: true })
  radiographId!: number | null;

  @ManyToOne(() => Radiograph, { nullable: true })
  @JoinColumn()
  radiograph!: Relation<Radiograph> | null;

  /** The series that another one is made from. */
  @Column('integer', { nullable: true })
  sourceSeriesId!: number | null;

  @ManyToOne(() => MriSeries, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  sourceSeries!: Relation<MriSeries> | null;

  @Column('uuid', { nullable: true })
  uploadId!: string | null;

  @ManyToOne(() => UploadedRadiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  upload!: Relation<UploadedRadiograph> | null;

  /** The knee of an uploaded radiograph, where one is meant; an exam says its own. */
  @Column('text', { nullable: true })
  side!: Side | null;

  @Column('integer')
  bundleId!: number;

  @ManyToOne(() => Bundle)
  @JoinColumn()
  bundle!: Relation<Bundle>;

  /** What is made, as the registry of tasks names it. */
  @Column('text', { default: 'xray-to-mri' })
  task!: string;

  /** What the task is told and, once it has run, what it has found for itself; of volumes the columns below say so. */
  @Column('jsonb', { default: {} })
  parameters!: object;

  @Column('text')
  state!: GenerationState;

  /** Of volumes; null for what has no slices. The same holds for sampler and noise. */
  @Column('smallint', { nullable: true })
  sliceCount!: number | null;

  @Column('smallint')
  steps!: number;

  @Column('text', { nullable: true })
  sampler!: 'DDIM' | 'DPMPP_2M' | null;

  @Column('real', { default: 0 })
  eta!: number;

  /** Null where nothing is drawn: the likeliest film is wanted. */
  @Column('integer', { nullable: true })
  seed!: number | null;

  @Column('text', { nullable: true })
  noise!: NoiseMode | null;

  /** The square of the film that the model sees, film pixels: the request's, else what the first attempt found. */
  @Column('jsonb', { nullable: true })
  box!: SquareBox | null;

  /** The grades that condition the volume: the exam's preferred reading with the request's overrides. */
  @Column('jsonb', { default: {} })
  features!: Grades;

  /** What the request overrode; a null grade means "treat as missing". */
  @Column('jsonb', { default: {} })
  featureOverrides!: Grades;

  /** The caller's own key: asking twice with one key gives one generation. */
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

  /** W3C trace context of the request that asked for it, so that its worker's spans join that trace; null without one. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  /**
   * SHA-256 of everything that decides the result, see services/generations/keys: what has the same key need not be made again.
   * Null for generations from before there were keys: the film and the knee detector they used are not on record.
   */
  @Column('text', { nullable: true })
  key!: string | null;

  /** The batch that asked for it; null for one that was asked for by itself. */
  @Column('uuid', { nullable: true })
  batchId!: string | null;

  @ManyToOne(() => Batch, { nullable: true, createForeignKeyConstraints: false })
  @JoinColumn()
  batch!: Relation<Batch> | null;

  /** Its place in the batch. */
  @Column('integer', { nullable: true })
  batchPosition!: number | null;

  /** A higher one goes first; a generation of a batch goes by the batch's. */
  @Column('smallint', { default: SINGLE_PRIORITY })
  priority!: number;

  /** Name of the worker that has it, e.g. "host:4711". */
  @Column('text', { nullable: true })
  worker!: string | null;

  @Column('text', { nullable: true })
  device!: string | null;

  /** What it is made from and with, beside what its request says; null before its first start. */
  @Column('jsonb', { nullable: true })
  origin!: GenerationOrigin | null;

  /** Median over the slices, decibels; null without a real series of the exam. The same holds for ssim and rssim. */
  @Column('double precision', { nullable: true })
  psnr!: number | null;

  @Column('double precision', { nullable: true })
  ssim!: number | null;

  @Column('double precision', { nullable: true })
  rssim!: number | null;

  @Column('double precision', { nullable: true })
  adjacentCorrelation!: number | null;

  /** Window of the SSIM and RSSIM figures. */
  @Column('text', { default: 'skimage' })
  ssimMode!: 'skimage' | 'wang';

  /** From the first start to the end, waiting between attempts included. */
  @Column('integer', { nullable: true })
  durationMs!: number | null;

  /** Evaluations of the network behind the result, whichever attempts they come from: of each slice by itself, or of each tile. */
  @Column('integer', { nullable: true })
  denoiserEvaluations!: number | null;
}
