import DataLoader from 'dataloader';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { CohortVersion, queryRecords, rowReader } from '../entities/index.js';

/** Loads the newest version of each cohort, by the cohort's key. */
export function currentVersions(dataSource: DataSource): DataLoader<string, CohortVersion> {
  const read = rowReader(dataSource, CohortVersion);
  return new DataLoader<string, CohortVersion>(async (cohorts) => {
    const rows = await queryRecords(
      dataSource,
      `SELECT v.* FROM cohort_version v JOIN cohort c ON c.id = v.cohort_id AND c.version = v.version
       WHERE c.id = ANY($1::uuid[])`,
      [cohorts],
    );
    const byCohort = new Map(rows.map(read).map((version) => [version.cohortId, version]));
    return cohorts.map((id) => byCohort.get(id) ?? new UserError('NOT_FOUND', 'There is no such cohort.'));
  });
}
