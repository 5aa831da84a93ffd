import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Checking that each member's version is there tripled the time of freezing; members now go with their cohort by hand. */
export class FreeCohortMembers1760000000510 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE cohort_member DROP CONSTRAINT "FK_196c0a03699b7ad410628b8ab1e"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE cohort_member ADD CONSTRAINT "FK_196c0a03699b7ad410628b8ab1e" FOREIGN KEY (version_id) REFERENCES cohort_version(id) ON DELETE CASCADE`,
    );
  }
}
