import DataLoader from 'dataloader';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { CohortVersion, DerivedVariableVersion, queryRecords, rowReader } from '../entities/index.js';

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

/** Loads the newest version of each derived variable, by the variable's key. */
export function currentDefinitions(dataSource: DataSource): DataLoader<string, DerivedVariableVersion> {
  const read = rowReader(dataSource, DerivedVariableVersion);
  return new DataLoader<string, DerivedVariableVersion>(async (variables) => {
    const rows = await queryRecords(
      dataSource,
      `SELECT v.* FROM derived_variable_version v
       JOIN derived_variable d ON d.id = v.variable_id AND d.version = v.version
       WHERE d.id = ANY($1::uuid[])`,
      [variables],
    );
    const byVariable = new Map(rows.map(read).map((version) => [version.variableId, version]));
    return variables.map(
      (id) => byVariable.get(id) ?? new UserError('NOT_FOUND', 'There is no such derived variable.'),
    );
  });
}
