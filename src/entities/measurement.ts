import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import type { Relation } from 'typeorm';
import type { MeasurementKind, MeasurementUnit, PicturePoint } from '../domain/measurements.js';
import { ApiToken } from './api-token.js';
import { Generation } from './generation.js';
import { KneeExam } from './knee-exam.js';
import { MriSeries } from './mri-series.js';
import { Radiograph } from './radiograph.js';
import { UploadedRadiograph } from './uploaded-radiograph.js';

/** What somebody has measured on an image. It goes with the image. */
@Entity()
@Unique('measurement_client_key', ['requestedById', 'clientKey'])
@Index('measurement_radiograph', ['radiographId'])
@Index('measurement_series', ['seriesId'])
@Index('measurement_generation', ['generationId'])
@Index('measurement_upload', ['uploadId'])
@Index('measurement_exam', ['examId'])
@Check('measurement_image', 'num_nonnulls(radiograph_id, series_id, generation_id) = 1 OR upload_id IS NOT NULL')
@Check('measurement_slice', '(plane IS NULL) = (series_id IS NULL) AND (plane IS NULL) = (slice IS NULL)')
export class Measurement {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_measurement',
  })
  id!: number;

  /** The image: a film, a series, the film that a generation made, or else the upload. */
  @Column('integer', { nullable: true })
  radiographId!: number | null;

  @ManyToOne(() => Radiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_radiograph' })
  radiograph!: Relation<Radiograph> | null;

  @Column('integer', { nullable: true })
  seriesId!: number | null;

  @ManyToOne(() => MriSeries, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_series' })
  series!: Relation<MriSeries> | null;

  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_generation' })
  generation!: Relation<Generation> | null;

  /** The upload that the image is, or was made from: whoever may see it may see the measurement. */
  @Column('uuid', { nullable: true })
  uploadId!: string | null;

  @ManyToOne(() => UploadedRadiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_upload' })
  upload!: Relation<UploadedRadiograph> | null;

  /** The knee that is measured; null for an upload, and where points lie on both knees of a film. */
  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_exam' })
  exam!: Relation<KneeExam> | null;

  @Column('text')
  kind!: MeasurementKind;

  /** Of a series: the plane it was cut along, and which slice of that, from 0. */
  @Column('text', { nullable: true })
  plane!: MriSeries['plane'];

  @Column('integer', { nullable: true })
  slice!: number | null;

  /** In pixels of the film, or of the slice. */
  @Column('jsonb')
  points!: PicturePoint[];

  @Column('double precision')
  value!: number;

  @Column('text')
  unit!: MeasurementUnit;

  @Column('text')
  name!: string;

  @Column('text', { default: '' })
  note!: string;

  /** Digest of the file that it was measured on: a later import may replace it. */
  @Column('text')
  imageSha256!: string;

  @Column('integer')
  requestedById!: number;

  @ManyToOne(() => ApiToken)
  @JoinColumn({ foreignKeyConstraintName: 'FK_measurement_requested_by' })
  requestedBy!: Relation<ApiToken>;

  @Column('text', { nullable: true })
  clientKey!: string | null;

  /** What was asked with the key. */
  @Column('jsonb', { nullable: true })
  request!: object | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
