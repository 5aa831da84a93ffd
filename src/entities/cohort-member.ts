import { Entity, PrimaryColumn } from 'typeorm';

/**
 * An exam frozen into a version of a static cohort.
 *
 * No foreign keys: checking them row by row multiplies the time of freezing. Ids are never given twice, so an exam that leaves
 * the database is merely no longer found; the version's counts say how many there were. Members are deleted with their cohort.
 */
@Entity()
export class CohortMember {
  @PrimaryColumn('integer')
  versionId!: number;

  @PrimaryColumn('integer')
  examId!: number;
}
