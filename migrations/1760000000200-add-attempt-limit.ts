import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Attempt numbers fence off stale workers, so they never start again from 0: a retry raises the limit instead. */
export class AddAttemptLimit1760000000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN attempt_limit smallint NOT NULL DEFAULT 5`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation DROP COLUMN attempt_limit`);
  }
}
