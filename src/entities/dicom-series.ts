import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Generation } from './generation.js';
import { RadiographReading } from './radiograph-reading.js';
import { OriginalObject } from './original-object.js';

/**
 * What DICOMweb lists: the DICOM objects of one image, as their own headers say. A trigger makes a row, PENDING, with every kept object every
 * generation that succeeds and every reading that says something; it is filled from the objects themselves, and anew when an import has replaced them.
 */
@Entity('dicom_series')
@Check('dicom_series_owner', 'num_nonnulls(original_id, generation_id, reading_id) = 1')
@Check('dicom_series_state', `state IN ('PENDING', 'LISTED', 'UNLISTED')`)
@Check('dicom_series_listed', `state <> 'LISTED' OR num_nulls(study_uid, series_uid, attributes) = 0`)
@Index('dicom_series_original', ['originalId'], { unique: true })
@Index('dicom_series_generation', ['generationId'], { unique: true })
@Index('dicom_series_reading', ['readingId'], { unique: true })
@Index('dicom_series_uids', ['studyUid', 'seriesUid'])
@Index('dicom_series_series', ['seriesUid'])
@Index('dicom_series_patient', ['patientId'])
@Index('dicom_series_date', ['studyDate'])
@Index('dicom_series_former', { synchronize: false })
@Index('dicom_series_pending', ['id'], { where: `(state = 'PENDING'::text)` })
export class DicomSeries {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer', { nullable: true })
  originalId!: number | null;

  @ManyToOne(() => OriginalObject, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  original!: Relation<OriginalObject> | null;

  @Column('uuid', { nullable: true })
  generationId!: string | null;

  @ManyToOne(() => Generation, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  generation!: Relation<Generation> | null;

  /** A reading that is reported. */
  @Column('uuid', { nullable: true })
  readingId!: string | null;

  @ManyToOne(() => RadiographReading, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn({ foreignKeyConstraintName: 'FK_dicom_series_reading' })
  reading!: Relation<RadiographReading> | null;

  /** UNLISTED: a generation that makes no DICOM, or objects that are lost or have no UIDs. */
  @Column('text', { default: 'PENDING' })
  state!: 'PENDING' | 'LISTED' | 'UNLISTED';

  /** Counts what has changed of the objects: what was read of former ones is not written. */
  @Column('integer', { default: 0 })
  revision!: number;

  /**
   * Of what a bundle made or read: the image in whose study it is, see imaging/dicom/study; null where it has a study of its own. It is decided once, when
   * `studyElements` are.
   */
  @Column('jsonb', { nullable: true })
  madeFrom!: object | null;

  /** What the study says; null as long as nothing was given out. */
  @Column('jsonb', { nullable: true })
  studyElements!: object | null;

  /** UIDs of studies and series under which it was given out before, or archives of exports may have it. */
  @Column('text', { array: true, default: [] })
  formerUids!: string[];

  @Column('text', { nullable: true })
  studyUid!: string | null;

  /** Several rows may share it: echoes that a scanner has put into one series are images of their own here. */
  @Column('text', { nullable: true })
  seriesUid!: string | null;

  /** Of the attributes, those that most searches ask for or sort by: of thousands of rows they are read without the others. */
  @Column('text', { nullable: true })
  studyDate!: string | null;

  @Column('text', { nullable: true })
  patientId!: string | null;

  @Column('text', { nullable: true })
  modality!: string | null;

  /** What can be searched for, as the first object says it: the DICOM JSON Model, by tag. */
  @Column('jsonb', { nullable: true })
  attributes!: object | null;

  /** In the order of the image. */
  @Column('text', { array: true, default: [] })
  instanceUids!: string[];

  /** Instance Number of each. */
  @Column('integer', { array: true, default: [] })
  instanceNumbers!: number[];

  @Column('integer', { default: 0 })
  instanceCount!: number;
}
