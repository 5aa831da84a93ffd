import { Check, Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { JointSpaceWidth } from '../domain/film-readings.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';
import { ApiToken } from './api-token.js';
import { Bundle } from './bundle.js';
import { KneeExam } from './knee-exam.js';
import { Radiograph } from './radiograph.js';
import { UploadedRadiograph } from './uploaded-radiograph.js';

/**
 * What a network read off one knee on a film. A table of its own: readings of people (`Reading`) come from released tables, make up
 * the grades of exams, and are never written here; nothing here is ever a grade of an exam.
 */
@Entity()
@Check(
  'radiograph_reading_of',
  '(upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL)',
)
@Check('radiograph_reading_says_why', '(unreadable IS NULL) = (probabilities IS NOT NULL)')
@Index('radiograph_reading_of_exam', ['examId'])
@Index('radiograph_reading_of_radiograph', ['radiographId'])
@Index('radiograph_reading_of_upload', ['uploadId'])
export class RadiographReading {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer', { nullable: true })
  examId!: number | null;

  @ManyToOne(() => KneeExam, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  exam!: Relation<KneeExam> | null;

  @Column('integer', { nullable: true })
  radiographId!: number | null;

  @ManyToOne(() => Radiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  radiograph!: Relation<Radiograph> | null;

  /** The film that somebody brought along, instead of an exam's. */
  @Column('uuid', { nullable: true })
  uploadId!: string | null;

  @ManyToOne(() => UploadedRadiograph, { nullable: true, onDelete: 'CASCADE' })
  @JoinColumn()
  upload!: Relation<UploadedRadiograph> | null;

  @Column('text')
  side!: Side;

  @Column('integer')
  bundleId!: number;

  @ManyToOne(() => Bundle)
  @JoinColumn()
  bundle!: Relation<Bundle>;

  /** SHA-256 of the film's pixels as they are stored. */
  @Column('text')
  filmSha256!: string;

  /** The square of the film that was read. */
  @Column('jsonb')
  box!: SquareBox;

  /** Whether the request gave the square; else it was found on the film. */
  @Column('boolean')
  boxGiven!: boolean;

  @Column('text', { nullable: true })
  unreadable!: string | null;

  /** Of KL 0 to 4. */
  @Column('real', { array: true, nullable: true })
  probabilities!: number[] | null;

  @Column('real', { nullable: true })
  expectedKl!: number | null;

  @Column('real', { nullable: true })
  distance!: number | null;

  @Column('jsonb', { nullable: true })
  medial!: JointSpaceWidth | null;

  @Column('jsonb', { nullable: true })
  lateral!: JointSpaceWidth | null;

  @Column('integer')
  durationMs!: number;

  @Column('integer', { nullable: true })
  requestedById!: number | null;

  @ManyToOne(() => ApiToken, { nullable: true })
  @JoinColumn()
  requestedBy!: Relation<ApiToken> | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
