import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Asset } from './asset.js';
import { MriSeries } from './mri-series.js';
import { Radiograph } from './radiograph.js';
import { UploadedRadiograph } from './uploaded-radiograph.js';

/**
 * The DICOM objects that an image came as, de-identified: of a film one, of a series those of its slices. The image goes, and this with it.
 */
@Entity()
@Check('original_object_owner', 'num_nonnulls(radiograph_id, series_id, upload_id) = 1')
@Index(['radiographId'], { unique: true })
@Index(['seriesId'], { unique: true })
@Index(['uploadId'], { unique: true })
@Index(['assetId'])
@Index('IDX_original_object_study', ['studyUid'])
export class OriginalObject {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer', { nullable: true })
  radiographId!: number | null;

  @ManyToOne(() => Radiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  radiograph!: Relation<Radiograph> | null;

  @Column('integer', { nullable: true })
  seriesId!: number | null;

  @ManyToOne(() => MriSeries, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  series!: Relation<MriSeries> | null;

  @Column('uuid', { nullable: true })
  uploadId!: string | null;

  @ManyToOne(() => UploadedRadiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  upload!: Relation<UploadedRadiograph> | null;

  /** UIDs as they are in the kept objects, none of them the source's. */
  @Column('text', { nullable: true })
  studyUid!: string | null;

  @Column('text', { nullable: true })
  seriesUid!: string | null;

  /** In the order of the image; of several, each is a file of the archive, called by its UID and `.dcm`. */
  @Column('text', { array: true })
  instanceUids!: string[];

  @Column('text', { nullable: true })
  sopClassUid!: string | null;

  @Column('integer')
  assetId!: number;

  /** One DICOM file (application/dicom), or a ZIP archive of several. */
  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;
}
