import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { CohortVersion } from './cohort-version.js';

/** An exam frozen into a version of a static cohort. */
@Entity()
export class CohortMember {
  @PrimaryColumn('integer')
  versionId!: number;

  @ManyToOne(() => CohortVersion, { onDelete: 'CASCADE' })
  @JoinColumn()
  version!: Relation<CohortVersion>;

  /**
   * No foreign key: checking one triples the time of freezing, and ids are never given twice. An exam that leaves the database
   * is no longer found; the version's counts say how many there were.
   */
  @PrimaryColumn('integer')
  examId!: number;
}
