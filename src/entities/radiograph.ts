import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Dropped, Origins } from './import-source.js';
import type { ImageProvenance } from '../domain/provenance.js';
import { Asset } from './asset.js';
import { KneeExam } from './knee-exam.js';
import { Visit } from './visit.js';

/** A film: bilateral (belongs to a visit) or of a single knee (belongs to an exam). */
@Entity()
@Unique(['barcode'])
@Index(['visitId'])
@Index(['examId'])
@Check('radiograph_owner', '(visit_id IS NULL) <> (exam_id IS NULL)')
@Check('radiograph_provenance', `provenance IN ('REAL', 'PHANTOM')`)
@Index('IDX_radiograph_asset', ['assetId'])
@Index('IDX_radiograph_source_uid', ['sourceUid'])
@Index('IDX_radiograph_content', ['contentSha256'])
export class Radiograph {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('integer', { nullable: true })
  visitId!: number | null;

  @ManyToOne(() => Visit, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  visit!: Relation<Visit> | null;

  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  exam!: Relation<KneeExam> | null;

  /** Twelve digits with leading zeros; null for a film that was added by hand. */
  @Column('text', { nullable: true })
  barcode!: string | null;

  /** OAI's exam type, e.g. "Bilateral PA Fixed Flexion Knee". */
  @Column('text')
  view!: string;

  @Column('date', { nullable: true })
  date!: string | null;

  /** Null while only the tables tell of the film: then it has no pixels here. */
  @Column('integer', { nullable: true })
  rows!: number | null;

  @Column('integer', { nullable: true })
  columns!: number | null;

  /** Millimetres per pixel at the detector; some films lack it. */
  @Column('real', { nullable: true })
  pixelSpacing!: number | null;

  /** Photometric interpretation of the source; stored pixels always show bone bright. */
  @Column('text', { nullable: true })
  photometric!: string | null;

  /** The DICOM object that it is in the release; null for a film that came otherwise. */
  @Column('text', { nullable: true })
  sopClassUid!: string | null;

  @Column('text', { nullable: true })
  sopInstanceUid!: string | null;

  /** Which file, row and release version its values come from (import-source.ts). */
  @Column('jsonb', { default: {} })
  origins!: Origins;

  /** Newer files of a released table that lack the row which an older one had. */
  @Column('jsonb', { default: {} })
  dropped!: Dropped;

  /** What it shows, as its file or its release said when it came in. */
  @Column('text', { default: 'REAL' })
  provenance!: Exclude<ImageProvenance, 'GENERATED'>;

  /** Who stands behind the release that it is of, where that is known. */
  @Column('text', { nullable: true })
  sponsor!: string | null;

  /** The release that it is of, e.g. "0.C.2". */
  @Column('text', { nullable: true })
  release!: string | null;

  /** Who brought it in. */
  @Column('text', { nullable: true })
  importedBy!: string | null;

  /** Stands for the source's UID, the SOP Instance UID. */
  @Column('text', { nullable: true })
  sourceUid!: string | null;

  /** Digest of the stored pixels. */
  @Column('text', { nullable: true })
  contentSha256!: string | null;

  /** Version of the de-identification policy that it came in under; null for what came before there was one. */
  @Column('smallint', { nullable: true })
  deidentification!: number | null;

  /** Whether strips of it were made black: no release brings back what they showed. */
  @Column('boolean', { default: false })
  redacted!: boolean;

  @Column('integer', { nullable: true })
  assetId!: number | null;

  @ManyToOne(() => Asset, { nullable: true })
  @JoinColumn()
  asset!: Relation<Asset> | null;
}
