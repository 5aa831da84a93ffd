import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Asset } from './asset.js';
import { Evaluation } from './evaluation.js';

/** A file of a finished evaluation: its report, its table, a chart. */
@Entity()
export class EvaluationFile {
  @PrimaryColumn('uuid')
  evaluationId!: string;

  @ManyToOne(() => Evaluation, { onDelete: 'CASCADE' })
  @JoinColumn()
  evaluation!: Relation<Evaluation>;

  /** E.g. "report.html", "psnr.svg". */
  @PrimaryColumn('text')
  name!: string;

  @Column('integer')
  assetId!: number;

  @ManyToOne(() => Asset)
  @JoinColumn()
  asset!: Relation<Asset>;
}
