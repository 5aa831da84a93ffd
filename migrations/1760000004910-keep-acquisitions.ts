import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How scanners took the series that are imported; those that are there get it when their files are read again. */
export class KeepAcquisitions1760000004910 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mri_series ADD acquisition jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mri_series DROP COLUMN acquisition');
  }
}
