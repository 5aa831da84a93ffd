import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Number of days that a participant's dates go back, where a release has told it. Why: docs/decisions/0061-what-a-redaction-removed.md. */
export class KeepDaysBack1760000005810 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_key ADD COLUMN days_back integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_key DROP COLUMN days_back');
  }
}
